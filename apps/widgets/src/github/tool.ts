import { useEffect, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { type Act, useAct } from '../shared/act'
import { useShown } from '../shared/widget'
import type { Page } from './data'
import { after, joined, longer, passed, type Reach, usual } from './pages'

/** The answer that this widget shows, and that of the same call made anew. */
export function useAnswer(tool: string): { act: Act; answer: ToolResult | undefined; again: () => void } {
  const { result, input } = useShown()
  const act = useAct()
  const [newer, setNewer] = useState<ToolResult | undefined>()
  useEffect(() => setNewer(undefined), [result]) // the chat called again
  const again = () => void act.call(tool, input).then((r) => r && setNewer(r))
  return { act, answer: newer ?? result, again }
}

export interface Rows<Row> extends Page<Row> {
  act: Act
  /** The first page did not come yet. */
  empty: boolean
  /** How many rows were asked for. */
  passed: number
  /** Asks for the next page, or for the first where there is none. */
  more: () => void
  /** Asks for as much as comes at once: for who looks for something in all of it. */
  rest: () => void
}

interface Come<Row> extends Page<Row>, Reach {
  readonly next: number
  /** The chat began on a later page: what is before it is not there. */
  readonly late: boolean
}

/** A list that comes in pages. first is its first page where it is there already; args do not change. */
export function useRows<Row>(tool: string, args: Readonly<Record<string, unknown>>, first: Page<Row> | undefined, read: (r: ToolResult) => Page<Row>, keyOf: (row: Row) => string): Rows<Row> {
  const act = useAct()
  const start: Reach = { next: 1, size: typeof args.per_page === 'number' ? args.per_page : usual }
  const [come, setCome] = useState<Come<Row> | undefined>(first && { ...first, size: start.size, late: typeof args.page === 'number' && args.page > 1 })
  const ask = async ({ next, size }: Reach) => {
    const r = await act.call(tool, { ...args, page: next, per_page: size })
    if (!r) return
    const got = read(r)
    setCome((c) => ({ ...got, next: after(next, got.next), size, late: c?.late === true && next > 1, rows: joined(c?.rows ?? [], got.rows, keyOf) }))
  }
  useEffect(() => {
    if (!first) void ask(start)
  }, [])
  return {
    rows: come?.rows ?? [],
    next: come ? come.next || (come.late ? 1 : 0) : 0,
    total: come?.total,
    act,
    empty: come === undefined,
    passed: come && !come.late ? passed(come) : 0,
    more: () => void ask(come?.next ? come : start),
    rest: () => void ask(longer(come?.late || !come?.next ? start : come)),
  }
}
