import { describe, expect, it } from 'vitest'
import { actionsFor, inAWord, readDiscovered, readKept, readStatus, spoken, toKeep } from './people'

describe('who was found', () => {
  it('is read from discover_connections', () => {
    expect(readDiscovered({
      connections: [{ user: { id: 'u1', name: 'Ada', avatar: 'https://example.com/a.png' }, mutualIntentCount: 2, synthesis: ' plays chess ' }, { user: { id: 'u2' } }],
      intentsExtracted: 3, connectionsFound: 2,
    })).toEqual({
      intents: 3,
      people: [{ id: 'u1', name: 'Ada', mutual: 2, synthesis: 'plays chess' }, { id: 'u2', name: 'Somebody without a name', mutual: 0, synthesis: '' }],
    })
  })
  it('is nobody where there is nothing that is known, and each once', () => {
    for (const nothing of [undefined, {}, { connections: {} }, { connections: [null, {}, { user: {} }] }]) {
      expect(readDiscovered(nothing).people).toEqual([])
    }
    expect(readDiscovered({ connections: [{ user: { id: 'u' } }, { user: { id: 'u' } }] }).people).toHaveLength(1)
  })
})

describe('what can be done', () => {
  it.each([
    ['', 'REQUEST', ''],
    ['PENDING', 'CANCEL', 'asked'],
    ['CONNECTED', undefined, 'connected'],
    ['DECLINED', 'REQUEST', 'declined'],
    ['INVITED_BY_THEM', 'ACCEPT', 'invited by them'],
  ])('%s', (status, first, word) => {
    expect(actionsFor(status)[0]).toBe(first)
    expect(inAWord(status)).toBe(word)
  })
  it('is asked before it is done', () => {
    for (const s of Object.values(spoken)) expect(s.asks('Ada')).toMatch(/Ada.*\?$/)
  })
})

it('reads how a connection is, and keeps it', () => {
  expect(readStatus({ connectionStatus: 'pending' })).toBe('PENDING')
  expect(readStatus({})).toBe('')
  expect(readKept(toKeep(new Map([['u1', 'PENDING']]))).get('u1')).toBe('PENDING')
})
