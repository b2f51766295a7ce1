import { type ButtonHTMLAttributes, createContext, type KeyboardEvent, type ReactNode, useCallback, useContext, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { rowAfter, type Span, spanOf, topFor, type View } from './window'
import './list.css'

interface Props<T> {
  /** What is listed, for a screen reader. */
  readonly label: string
  readonly rows: readonly T[]
  /** What tells a row from all others, also when the rows come anew. */
  readonly keyOf: (row: T) => string
  /** What a row says; buttons of it are not here but in acts. */
  readonly says: (row: T) => ReactNode
  /** The buttons of a row: RowButton each. */
  readonly acts?: ((row: T) => ReactNode) | undefined
  /** What Enter on a row does, and a press on what it says. */
  readonly open?: ((row: T) => void) | undefined
  /** Something else is in the place of the list. When it is back, it has the keyboard where it was. */
  readonly away?: boolean
}

/**
 * A list of any length. Only the rows in sight and some around them are in the page, so every row is of one height:
 * --row in the style of the widget, which may differ by the width of the page.
 *
 * To screen readers it is a grid that knows how many rows there are. One row is in the order of Tab, with its buttons;
 * arrows, Page Up and Page Down, Home and End move to others. The keyboard's row stays in the page wherever the list is
 * scrolled, and where it is taken out of the list the one that takes its place has the keyboard.
 */
export function List<T>({ label, rows, keyOf, says, acts, open, away = false }: Props<T>) {
  const at = useKeyboardRow(rows, keyOf)
  const { box, probe, view, span } = useSpan(rows.length)
  const going = useRef<number | undefined>(undefined) // to which button of the row; 0: the row itself
  const holds = useRef(false) // the list has the keyboard

  useLayoutEffect(() => {
    if (away) {
      going.current = 0
      return
    }
    const lost = holds.current && document.activeElement === document.body
    if (going.current === undefined && !lost) return
    const stops = stopsOf(box.current?.querySelector('[data-at]'))
    stops[Math.min(going.current ?? 0, stops.length - 1)]?.focus()
    going.current = undefined
  })

  const go = (e: KeyboardEvent) => {
    const stops = stopsOf(box.current?.querySelector('[data-at]'))
    const stop = stops.indexOf(e.target as HTMLElement)
    const sideways = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    const to = rowAfter(e.key, at.index, rows.length, view())
    if (stop < 0 || e.altKey || e.metaKey || (sideways ?? to) === undefined) return
    e.preventDefault()
    if (sideways) return stops[stop + sideways]?.focus()
    if (to === undefined || to === at.index) return
    going.current = stop
    if (box.current) box.current.scrollTop = topFor(to, view())
    at.set(to)
  }

  const drawn = Array.from({ length: span.to - span.from }, (_, i) => span.from + i)
  if (at.index < span.from && rows.length > 0) drawn.unshift(at.index)
  if (at.index >= span.to) drawn.push(at.index)
  return (
    <div ref={box} className="list" hidden={away} role="grid" aria-label={label} aria-rowcount={rows.length} onKeyDown={go}
      onFocus={() => { holds.current = true }} onBlur={() => { holds.current = false }}>
      <div ref={probe} className="probe" role="presentation" />
      <div className="all" role="presentation" style={{ '--rows': rows.length } as object}>
        {drawn.map((i) => {
          const row = rows[i] as T
          return (
            <Here key={keyOf(row)} value={i === at.index}>
              <div role="row" aria-rowindex={i + 1} data-at={i === at.index ? '' : undefined} style={{ '--at': i } as object} onFocus={() => at.set(i)}>
                <div role="gridcell" className={open ? 'says opens' : 'says'} data-stop tabIndex={i === at.index ? 0 : -1}
                  onClick={open && (() => open(row))} onKeyDown={open && ((e) => e.key === 'Enter' && open(row))}>
                  {says(row)}
                </div>
                {acts && <div role="gridcell" className="acts">{acts(row)}</div>}
              </div>
            </Here>
          )
        })}
      </div>
    </div>
  )
}

const Here = createContext(true)

/** A button of a row: in the order of Tab where its row is the keyboard's. Busy is aria-disabled. */
export function RowButton(props: ButtonHTMLAttributes<HTMLButtonElement>) {
  const here = useContext(Here)
  return <button type="button" tabIndex={here ? 0 : -1} data-stop {...props} />
}

/** What of a row takes the keyboard, in its order. */
function stopsOf(row: Element | null | undefined): HTMLElement[] {
  return row ? [...row.querySelectorAll<HTMLElement>('[data-stop]')] : []
}

/** The row that has the keyboard when the list has: it is followed when rows come anew, and its place where it went. */
function useKeyboardRow<T>(rows: readonly T[], keyOf: (row: T) => string): { index: number; set: (index: number) => void } {
  const [at, set] = useState({ key: '', index: 0 })
  const index = useMemo(() => {
    const there = rows[at.index]
    if (there !== undefined && keyOf(there) === at.key) return at.index
    const now = at.key === '' ? -1 : rows.findIndex((row) => keyOf(row) === at.key)
    return now >= 0 ? now : Math.max(Math.min(at.index, rows.length - 1), 0)
  }, [rows, at, keyOf])
  return {
    index,
    set: (to) => {
      const row = rows[to]
      if (row !== undefined && (to !== at.index || keyOf(row) !== at.key)) set({ key: keyOf(row), index: to })
    },
  }
}

/** Which rows to draw, as the list is scrolled and its size changes. */
function useSpan(count: number) {
  const box = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLDivElement>(null)
  const [span, setSpan] = useState<Span>(() => spanOf({ top: 0, height: 0, row: 0 }, count))
  const view = useCallback((): View => ({
    top: box.current?.scrollTop ?? 0, height: box.current?.clientHeight ?? 0, row: probe.current?.offsetHeight ?? 0,
  }), [])
  useLayoutEffect(() => {
    const look = () => {
      const now = spanOf(view(), count)
      setSpan((before) => (before.from === now.from && before.to === now.to ? before : now))
    }
    look()
    const scrolled = box.current
    const sizes = new ResizeObserver(look)
    for (const e of [scrolled, probe.current]) if (e) sizes.observe(e)
    // Rows that came a frame later would be missing in each frame of somebody who drags the list through thousands.
    const follow = () => flushSync(look)
    scrolled?.addEventListener('scroll', follow, { passive: true })
    return () => {
      sizes.disconnect()
      scrolled?.removeEventListener('scroll', follow)
    }
  }, [count, view])
  // Rows that were taken out since the last look are not there to be drawn.
  return { box, probe, view, span: { from: Math.min(span.from, count), to: Math.min(span.to, count) } }
}
