/** Rows of a list: the first, and the one behind the last. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What is measured of a list, in CSS pixels. */
export interface View {
  /** How far it is scrolled. */
  readonly top: number
  /** How much of it can be seen. */
  readonly height: number
  /** How high each row is. */
  readonly row: number
}

/**
 * The rows to draw of so many: those that can be seen, and as many again above and below, so that there is something
 * where somebody scrolls to. Before anything was measured it is the first few.
 */
export function spanOf(view: View, count: number): Span {
  if (view.row <= 0 || view.height <= 0) return { from: 0, to: Math.min(count, 12) }
  const seen = Math.ceil(view.height / view.row) + 1
  const first = Math.min(Math.floor(Math.max(view.top, 0) / view.row), Math.max(count - seen, 0))
  return { from: Math.max(first - seen, 0), to: Math.min(first + 2 * seen, count) }
}

/** Where the keyboard goes from a row; undefined: the key is for somebody else. */
export function rowAfter(key: string, at: number, count: number, view: View): number | undefined {
  const page = Math.max(Math.floor(view.height / Math.max(view.row, 1)) - 1, 1)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: count - 1 }[key]
  return to === undefined || count === 0 ? undefined : Math.min(Math.max(to, 0), count - 1)
}

/** How far to scroll so that a row can be seen whole: not at all where it can be. */
export function topFor(index: number, view: View): number {
  const top = index * view.row
  if (top < view.top) return top
  return Math.max(view.top, top + view.row - view.height)
}
