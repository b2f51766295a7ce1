import { asObject } from '../bridge/bridge'
import { type Issue, nameOf, type Place, readOpened, text } from './data'
import type { Draft } from './draft'

// What the form keeps for its person: what they wrote and did not send, and that a draft of the chat's was sent, so that
// nobody sends it twice.

export interface Left {
  readonly draft?: Draft | undefined
  readonly made?: Issue | undefined
}

export const blank: Draft = { title: '', body: '', labels: '' }

/** More are not kept; the oldest goes first. */
const most = 5

const nameFor = (place: Place, given: Draft | undefined) => (given ? `${nameOf(place)} as given` : nameOf(place))
export const same = (a: Draft, b: Draft) => a.title === b.title && a.body === b.body && a.labels === b.labels

function readDraft(raw: unknown): Draft {
  const o = asObject(raw)
  return { title: text(o.title), body: text(o.body), labels: text(o.labels) }
}

/** What is left of the form for a place that began with a draft of the chat's, or blank. */
export function readLeft(own: unknown, place: Place, given: Draft | undefined): Left {
  const entry = asObject(asObject(asObject(own).forms)[nameFor(place, given)])
  if (!entry.of || !same(readDraft(entry.of), given ?? blank)) return {} // of another call
  return { draft: entry.draft ? readDraft(entry.draft) : undefined, made: readOpened({ structured: { issue: entry.made } }) }
}

/** The same with what is left now; undefined: nothing of any form. A draft that is what the form began with is nothing. */
export function withLeft(own: unknown, place: Place, given: Draft | undefined, { draft, made }: Left): Record<string, unknown> | undefined {
  const name = nameFor(place, given)
  const others = Object.entries(asObject(asObject(own).forms)).filter(([n]) => n !== name)
  const of = given ?? blank
  const entry = made ? { of, made: { owner: made.owner, repo: made.repo, number: made.number, title: made.title, labels: made.labels, url: made.url } } : { of, draft }
  const all = made || (draft && !same(draft, of)) ? [...others, [name, entry] as const] : others
  return all.length ? { forms: Object.fromEntries(all.slice(-most)) } : undefined
}
