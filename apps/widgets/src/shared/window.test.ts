import { describe, expect, it } from 'vitest'
import { rowAfter, spanOf, topFor } from './window'

const view = { top: 0, height: 400, row: 80 } // five rows, and a part of a sixth

describe('which rows are drawn', () => {
  it.each([
    ['of few, all', 0, 4, 0, 4],
    ['of many, those in sight and as many again', 0, 10_000, 0, 12],
    ['in the middle, above and below', 80 * 5000, 10_000, 4994, 5012],
    ['at the end, no more than there are', 80 * 10_000 - 400, 10_000, 9988, 10_000],
    ['scrolled too far, as where a list got shorter', 80 * 10_000, 20, 8, 20],
    ['scrolled before the beginning, as telephones do', -50, 10_000, 0, 12],
    ['of none, none', 0, 0, 0, 0],
  ])('%s', (_, top, count, from, to) => expect(spanOf({ ...view, top }, count)).toEqual({ from, to }))

  it('draws a few before anything was measured', () => {
    expect(spanOf({ top: 0, height: 0, row: 0 }, 10_000)).toEqual({ from: 0, to: 12 })
  })

  it('draws few wherever it is scrolled', () => {
    for (let top = 0; top <= 80 * 10_000; top += 997) {
      const { from, to } = spanOf({ ...view, top }, 10_000)
      expect(to - from).toBeLessThanOrEqual(18)
      expect(from * 80).toBeLessThanOrEqual(Math.min(top, 80 * 10_000 - 400))
      expect(to * 80).toBeGreaterThanOrEqual(Math.min(top + 400, 80 * 10_000))
    }
  })
})

describe('where keys lead', () => {
  it.each([
    ['ArrowDown', 3, 4],
    ['ArrowDown', 9, 9],
    ['ArrowUp', 0, 0],
    ['PageDown', 0, 4],
    ['PageDown', 8, 9],
    ['PageUp', 9, 5],
    ['Home', 7, 0],
    ['End', 2, 9],
    ['a', 2, undefined],
  ])('%s on row %i', (key, at, want) => expect(rowAfter(key, at, 10, view)).toBe(want))

  it('leads nowhere in an empty list', () => expect(rowAfter('End', 0, 0, view)).toBeUndefined())
})

describe('how far a list scrolls for a row', () => {
  it.each([
    ['not at all for one in sight', 2, 100, 100],
    ['up to one above', 0, 100, 0],
    ['down to one below', 9, 0, 400],
    ['a little for one that is cut off', 5, 0, 80],
  ])('%s', (_, index, top, want) => expect(topFor(index, { ...view, top })).toBe(want))
})
