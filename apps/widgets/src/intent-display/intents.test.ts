import { describe, expect, it } from 'vitest'
import { readFound, readItem, readKept, summary, toKeep } from './intents'

describe('what was found', () => {
  it('is read from extract_intent', () => {
    const found = readFound({
      intents: [{ id: '1', payload: 'I am looking for a chess coach in Berlin', summary: 'A chess coach', createdAt: '2026-01-01T00:00:00Z' }, { id: '2', payload: 'A flat' }],
      filesProcessed: 1, linksProcessed: 2, intentsGenerated: 2,
    })
    expect(found.intents).toMatchObject([
      { id: '1', title: 'A chess coach', text: 'I am looking for a chess coach in Berlin', created: Date.UTC(2026, 0, 1), done: false },
      { id: '2', title: 'A flat', text: '', created: NaN },
    ])
    expect(summary(found, 0)).toBe('2 intents found, in what you said and 1 file and 2 links')
  })
  it('is read from get-items', () => {
    const found = readFound({ items: [{ id: '1', title: 'A flat', done: true, changed: '2026-01-01T00:00:00Z' }] })
    expect(found).toMatchObject({ all: true, intents: [{ id: '1', title: 'A flat', done: true }] })
    expect(summary(found, 1)).toBe('1 intent, 1 of them done')
  })
  it('is empty where there is nothing, or nothing that is known', () => {
    for (const nothing of [undefined, null, 'x', [], {}, { intents: 'x' }, { intents: [null, 7, {}, { id: 7 }] }]) {
      expect(readFound(nothing).intents).toEqual([])
    }
  })
  it('has each once: rows are told apart by their ids', () => {
    expect(readFound({ intents: [{ id: '1', payload: 'a' }, { id: '1', payload: 'b' }] }).intents).toHaveLength(1)
  })
})

it('reads the item that was changed', () => {
  expect(readItem({ item: { id: '1', title: 'A flat', done: true } })).toMatchObject({ id: '1', done: true })
  expect(readItem({ item: {} })).toBeUndefined()
  expect(readItem(undefined)).toBeUndefined()
})

it('keeps the last hundred changes, and reads nothing else', () => {
  const many = new Map(Array.from({ length: 150 }, (_, i) => [`intent-${i}`, i % 2 === 0] as const))
  const back = readKept(toKeep(many))
  expect(back.size).toBe(100)
  expect(back.get('intent-149')).toBe(false)
  expect(readKept({ done: { a: 'yes', b: true } })).toEqual(new Map([['b', true]]))
  expect(readKept(null).size).toBe(0)
})
