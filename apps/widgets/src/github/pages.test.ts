import { describe, expect, it } from 'vitest'
import { many } from '../shared/words'
import { after, joined, longer, passed, type Told, told } from './pages'

describe('the same place in longer pages', () => {
  it.each([
    ['the second of thirty is in the first hundred', { next: 2, size: 30 }, { next: 1, size: 100 }],
    ['the fourth begins in it, too', { next: 4, size: 30 }, { next: 1, size: 100 }],
    ['the fifth is in the second', { next: 5, size: 30 }, { next: 2, size: 100 }],
    ['after whole hundreds comes the next', { next: 11, size: 30 }, { next: 4, size: 100 }],
    ['what is long stays', { next: 3, size: 100 }, { next: 3, size: 100 }],
    ['the end stays the end', { next: 0, size: 30 }, { next: 0, size: 30 }],
  ])('%s', (_, reach, want) => {
    expect(longer(reach)).toEqual(want)
    expect(passed(longer(reach))).toBeLessThanOrEqual(passed(reach)) // nothing is left out
  })
})

it('goes on to later pages alone', () => {
  expect([after(1, 2), after(3, 0), after(2, 2), after(3, 1)]).toEqual([2, 0, 0, 0])
})

it('adds what is new, once', () => {
  expect(joined(['a', 'b'], ['b', 'c', 'c'], (r) => r)).toEqual(['a', 'b', 'c'])
})

describe('what is said of a list', () => {
  const list: Told = { all: 30, seen: 30, count: (n) => many(n, 'issue'), words: '', next: 2, total: undefined, looking: false }
  it.each([
    ['that there is more', {}, '30 issues so far'],
    ['that this is all', { next: 0 }, '30 issues'],
    ['of how many', { total: 1200 }, '30 of 1,200 issues'],
    ['that it is being looked for', { words: 'x', seen: 0, looking: true }, 'Still looking: nothing found in 30 issues so far'],
    ['what came meanwhile', { words: 'x', seen: 2, looking: true, all: 130 }, 'Still looking: 2 found in 130 issues so far'],
    ['that not all was looked through', { words: 'x', seen: 0, all: 1000 }, 'nothing found in the first 1,000 issues'],
    ['nor where something was found', { words: 'x', seen: 1 }, '1 found in the first 30 issues'],
    ['nor where a page had nothing at all', { words: 'x', all: 0, seen: 0, looking: true }, 'Still looking: nothing found so far'],
    ['that all was', { words: 'x', seen: 1, next: 0 }, '1 of 30 issues'],
    ['and that it is nowhere', { words: 'x', seen: 0, next: 0 }, 'nothing with “x” in 30 issues'],
  ])('%s', (_, change, want) => expect(told({ ...list, ...change })).toBe(want))
})
