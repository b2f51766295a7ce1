import { asObject } from '../bridge/bridge'
import { many } from '../shared/words'

/** What a person is looking for, from whichever tool it came. */
export interface Intent {
  readonly id: string
  /** In a few words. */
  readonly title: string
  /** The whole of it; empty where the title is. */
  readonly text: string
  /** Milliseconds since 1970; NaN: it does not say. */
  readonly created: number
  readonly done: boolean
}

export interface Found {
  readonly intents: readonly Intent[]
  /** true: all that is known of the person, from get-items; false: what extract_intent found just now. */
  readonly all: boolean
  readonly files: number
  readonly links: number
}

/** Reads what extract_intent answers (intents), or get-items (items). Whatever has no id cannot be acted on, and is left out. */
export function readFound(structured: unknown): Found {
  const o = asObject(structured)
  const all = Array.isArray(o.items)
  const rows: unknown[] = all ? (o.items as unknown[]) : Array.isArray(o.intents) ? o.intents : []
  const seen = new Set<string>()
  const intents = rows.map(readIntent).filter((i) => i.id !== '' && !seen.has(i.id) && seen.add(i.id))
  return { intents, all, files: count(o.filesProcessed), links: count(o.linksProcessed) }
}

function readIntent(row: unknown): Intent {
  const o = asObject(row)
  const text = words(o.payload)
  const title = words(o.title) || words(o.summary) || text
  return { id: words(o.id), title, text: text === title ? '' : text, created: Date.parse(words(o.createdAt)), done: o.done === true }
}

/** The item that perform-item-action answers, or undefined. */
export function readItem(structured: unknown): Intent | undefined {
  const item = readIntent(asObject(structured).item)
  return item.id === '' ? undefined : item
}

/** What a widget keeps of what was done in it: the ids that were ticked off and are not in the result so. */
export function readKept(kept: unknown): ReadonlyMap<string, boolean> {
  const changed = asObject(asObject(kept).done)
  return new Map(Object.entries(changed).filter((e): e is [string, boolean] => typeof e[1] === 'boolean'))
}

/** What is kept is read by the model, too: the last hundred changes are enough. */
export function toKeep(changed: ReadonlyMap<string, boolean>): { done: Record<string, boolean> } {
  return { done: Object.fromEntries([...changed].slice(-100)) }
}

/** How much of what there is one sees, as a sentence. */
export function summary(found: Found, done: number): string {
  const n = found.intents.length
  if (found.all) return done === 0 ? many(n, 'intent') : `${many(n, 'intent')}, ${done.toLocaleString('en')} of them done`
  const read = [found.files > 0 && many(found.files, 'file'), found.links > 0 && many(found.links, 'link')].filter(Boolean).join(' and ')
  return `${many(n, 'intent')} found${read && `, in what you said and ${read}`}`
}

function words(v: unknown): string {
  return typeof v === 'string' ? v.trim() : ''
}

function count(v: unknown): number {
  return typeof v === 'number' && Number.isFinite(v) && v > 0 ? Math.floor(v) : 0
}
