import { asObject } from '../bridge/bridge'
import { foreign } from '../shared/words'

/** Somebody who looks for the same. What is said of them, others wrote. */
export interface Person {
  readonly id: string
  readonly name: string
  /** How many intents they have in common with who is signed in. */
  readonly mutual: number
  /** What they have in common, in words; empty where that is not known. */
  readonly synthesis: string
}

export interface Discovered {
  readonly people: readonly Person[]
  /** How many intents were found in what was said. */
  readonly intents: number
}

/** Reads what discover_connections answers. Who has no id cannot be asked anything, and is left out. */
export function readDiscovered(structured: unknown): Discovered {
  const o = asObject(structured)
  const rows: unknown[] = Array.isArray(o.connections) ? o.connections : []
  const seen = new Set<string>()
  const people = rows.map(readPerson).filter((p) => p.id !== '' && !seen.has(p.id) && seen.add(p.id))
  return { people, intents: count(o.intentsExtracted) }
}

function readPerson(row: unknown): Person {
  const o = asObject(row)
  const user = asObject(o.user)
  return { id: words(user.id), name: foreign(words(user.name), 100) || 'Somebody without a name', mutual: count(o.mutualIntentCount), synthesis: foreign(words(o.synthesis), 5000) }
}

export type Action = 'REQUEST' | 'SKIP' | 'ACCEPT' | 'DECLINE' | 'CANCEL'

/** How a connection is after an action, as connection_action answers; empty: it does not say. */
export function readStatus(structured: unknown): string {
  return words(asObject(structured).connectionStatus).toUpperCase()
}

/** What can be done about somebody, by how the connection is; the first is the one to suggest. */
export function actionsFor(status: string): readonly Action[] {
  switch (status) {
    case '':
      return ['REQUEST', 'SKIP', 'ACCEPT', 'DECLINE']
    case 'PENDING':
      return ['CANCEL']
    case 'CONNECTED':
      return []
    case 'SKIPPED':
    case 'DECLINED':
    case 'CANCELLED':
      return ['REQUEST']
  }
  return ['ACCEPT', 'DECLINE', 'REQUEST', 'CANCEL', 'SKIP'] // the protocol knows more than this page
}

/** How a connection is, in a word; empty: nothing was done yet. */
export function inAWord(status: string): string {
  const known: Record<string, string> = {
    PENDING: 'asked', CONNECTED: 'connected', SKIPPED: 'skipped', DECLINED: 'declined', CANCELLED: 'taken back',
  }
  return known[status] ?? status.toLowerCase().replaceAll('_', ' ')
}

/** What each action is called, asked, and told when it is done. */
export const spoken: Record<Action, { does: string; asks: (name: string) => string; yes: string; doing: string; done: (name: string) => string }> = {
  REQUEST: { does: 'Ask to connect', asks: (n) => `Ask ${n} to connect?`, yes: 'Yes, ask', doing: 'Asking…', done: (n) => `You asked ${n} to connect.` },
  SKIP: { does: 'Skip', asks: (n) => `Skip ${n}?`, yes: 'Yes, skip', doing: 'Skipping…', done: (n) => `${n} is skipped.` },
  ACCEPT: { does: 'Accept', asks: (n) => `Accept what ${n} asked?`, yes: 'Yes, accept', doing: 'Accepting…', done: (n) => `You accepted ${n}.` },
  DECLINE: { does: 'Decline', asks: (n) => `Decline what ${n} asked?`, yes: 'Yes, decline', doing: 'Declining…', done: (n) => `You declined ${n}.` },
  CANCEL: { does: 'Take it back', asks: (n) => `Take back what you asked ${n}?`, yes: 'Yes, take it back', doing: 'Taking it back…', done: (n) => `You took back what you asked ${n}.` },
}

/** What is kept: how connections are that were acted on here. */
export function readKept(kept: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(asObject(asObject(kept).connections)).filter((e): e is [string, string] => typeof e[1] === 'string'))
}

/** The model reads what is kept, too: the last hundred are enough. */
export function toKeep(states: ReadonlyMap<string, string>): { connections: Record<string, string> } {
  return { connections: Object.fromEntries([...states].slice(-100)) }
}

function words(v: unknown): string {
  return typeof v === 'string' ? v.trim() : ''
}

function count(v: unknown): number {
  return typeof v === 'number' && Number.isFinite(v) && v > 0 ? Math.floor(v) : 0
}
