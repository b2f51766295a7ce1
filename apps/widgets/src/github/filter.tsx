import { type ReactNode, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useShown } from '../shared/widget'
import { told } from './pages'
import type { Rows } from './tool'

/** How many rows are looked through for somebody before they are asked whether to go on. */
const stretch = 1000

interface Look {
  readonly on: boolean
  /** Stops it, or goes on; undefined: there is nothing more to look through, or nothing to look for. */
  readonly turn: (() => void) | undefined
}

/** While somebody filters, the pages that are not there yet come one after the other: what they look for may be on any. */
function useLook<Row>(list: Rows<Row>, words: string): Look {
  const { can } = useShown()
  const [end, setEnd] = useState(stretch)
  const [stopped, setStopped] = useState('')
  const more = words !== '' && list.next > 0 && can.call && !list.act.trouble
  const on = more && words !== stopped && list.passed < end
  useEffect(() => {
    if (on && !list.act.busy) list.rest()
  })
  const turn = () => {
    setStopped(on ? words : '')
    if (list.passed >= end) setEnd(list.passed + stretch)
  }
  return { on, turn: more ? turn : undefined }
}

interface Filtered<Row> {
  /** The rows that have all words. */
  readonly rows: readonly Row[]
  /** The field, and how much of the list is shown. */
  readonly field: ReactNode
  readonly filtering: boolean
}

/** Filters a list that comes in pages. count says how many of them there are, in words; fit whether a row has the words. */
export function useFilter<Row>(list: Rows<Row>, count: (n: number) => string, fit: (row: Row, words: string) => boolean): Filtered<Row> {
  const [filter, setFilter] = useState('')
  const words = filter.trim()
  const shown = useDeferredValue(words)
  const rows = useMemo(() => (shown ? list.rows.filter((row) => fit(row, shown)) : list.rows), [list.rows, shown])
  const look = useLook(list, words)

  const field = useRef<HTMLInputElement>(null)
  const holds = useRef(false) // the button has the keyboard, or had it when it went
  useLayoutEffect(() => {
    if (look.turn || !holds.current) return
    holds.current = false
    field.current?.focus()
  })
  return {
    rows,
    filtering: words !== '',
    field: (
      <>
        {(list.rows.length > 5 || list.next > 0 || words !== '') && (
          <label className="filter">
            <span>Filter</span>
            <input ref={field} type="search" value={filter} onChange={(e) => setFilter(e.target.value)} />
          </label>
        )}
        <div className="count">
          <p className="quiet" role="status">
            {told({ all: list.rows.length, seen: rows.length, count, words: shown, next: list.next, total: list.total, looking: look.on })}
          </p>
          {look.turn && (
            <button type="button" onClick={look.turn} onFocus={() => { holds.current = true }} onBlur={() => { holds.current = false }}>
              {look.on ? 'Stop' : 'Look further'}
            </button>
          )}
        </div>
      </>
    ),
  }
}
