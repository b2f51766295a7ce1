import type { Page } from './data'

/** How many rows are on a page: where nobody says, and the most that GitHub gives. */
export const usual = 30
const most = 100

/** How far a list has come: the page to ask for next (0: there is none), and how many rows are on each. */
export interface Reach {
  readonly next: number
  readonly size: number
}

/** How many rows were asked for. Those that an answer left out count, such as pull requests among issues. */
export function passed({ next, size }: Reach): number {
  return Math.max(next - 1, 0) * size
}

/**
 * The same place in pages as long as can be. What is on such a page and was there before comes again: joined leaves it
 * out.
 */
export function longer(reach: Reach): Reach {
  return reach.next === 0 || reach.size >= most ? reach : { next: Math.floor(passed(reach) / most) + 1, size: most }
}

/** The page after one that was asked for. An answer that leads back would be asked for without end. */
export const after = (asked: number, next: number) => (next > asked ? next : 0)

/** Rows with another page of them. What changed meanwhile at GitHub may come twice; it stays where it was. */
export function joined<Row>(rows: readonly Row[], page: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const there = new Set(rows.map(keyOf))
  return [...rows, ...page.filter((row) => !there.has(keyOf(row)) && there.add(keyOf(row)))]
}

/** What is said of a list and its filter. */
export interface Told extends Pick<Page<unknown>, 'next' | 'total'> {
  /** How many rows are there, and how many of them are shown. */
  all: number
  seen: number
  /** So many of them, in words: 30 repositories. */
  count: (n: number) => string
  /** What is filtered for; empty: nothing. */
  words: string
  /** The pages that are not there yet are on their way. */
  looking: boolean
}

/** How much of a list is shown, and of how much that is. */
export function told({ all, seen, count, words, next, total, looking }: Told): string {
  if (!words) return total !== undefined && total > all ? `${all.toLocaleString('en')} of ${count(total)}` : count(all) + (next ? ' so far' : '')
  const found = seen ? `${seen.toLocaleString('en')} found` : 'nothing found'
  if (looking) return `Still looking: ${found}${all ? ` in ${count(all)}` : ''} so far`
  if (next) return `${found}${all ? ` in the first ${count(all)}` : ' so far'}`
  return seen ? `${seen.toLocaleString('en')} of ${count(all)}` : `nothing with “${words}” in ${count(all)}`
}
