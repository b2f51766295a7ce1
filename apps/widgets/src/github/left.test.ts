import { describe, expect, it } from 'vitest'
import { readOpened } from './data'
import { blank, readLeft, withLeft } from './left'

const place = { owner: 'grace', repo: 'compiler' }
const other = { owner: 'grace', repo: 'flow-matic' }
const draft = { title: 'It hums', body: 'All night.', labels: 'noise' }
const given = { title: ' ', body: 'From the chat', labels: '' }
const made = readOpened({ structured: { issue: { ...place, number: 4, title: 'It hums', labels: ['noise'], url: 'https://github.com/grace/compiler/issues/4' } } })

/** As a host gives it back. */
const again = (own: unknown) => JSON.parse(JSON.stringify(own ?? null))

describe('a form', () => {
  it('has again what was written', () => {
    expect(readLeft(again(withLeft(null, place, undefined, { draft })), place, undefined).draft).toEqual(draft)
  })

  it('has nothing of another repository', () => {
    expect(readLeft(again(withLeft(null, place, undefined, { draft })), other, undefined).draft).toBeUndefined()
  })

  it('keeps those of several repositories, five at most', () => {
    let own: unknown = null
    for (let i = 0; i < 7; i++) own = withLeft(own, { owner: 'grace', repo: `r${i}` }, undefined, { draft })
    expect([0, 1, 2, 6].map((i) => readLeft(own, { owner: 'grace', repo: `r${i}` }, undefined).draft?.title)).toEqual([undefined, undefined, 'It hums', 'It hums'])
  })

  it('keeps nothing once it was sent, or emptied', () => {
    const own = again(withLeft(null, place, undefined, { draft }))
    expect(withLeft(own, place, undefined, {})).toBeUndefined()
    expect(withLeft(own, place, undefined, { draft: blank })).toBeUndefined()
  })

  it('does not bring back what belongs to another draft of the chat', () => {
    const own = again(withLeft(null, place, given, { draft }))
    expect(readLeft(own, place, given).draft).toEqual(draft)
    expect(readLeft(own, place, { ...given, title: 'Another' })).toEqual({})
    expect(readLeft(own, place, undefined)).toEqual({})
  })

  it('knows that a draft of the chat was sent', () => {
    const left = readLeft(again(withLeft(null, place, given, { made })), place, given)
    expect(left.made).toMatchObject({ number: 4, title: 'It hums', url: 'https://github.com/grace/compiler/issues/4' })
    expect(left.draft).toBeUndefined()
  })

  it.each([null, 'x', [], { forms: 7 }, { forms: { 'grace/compiler': { of: blank } } }, { forms: { 'grace/compiler': 'x' } }])('reads %j as nothing', (own) => {
    expect(readLeft(own, place, undefined).draft).toBeUndefined()
  })
})
