import { useEffect, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { type Act, useAct } from '../shared/act'
import { useShown } from '../shared/widget'
import type { Page } from './data'

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
  /** Asks for the next page, or for the first where there is none. */
  more: () => void
}

/** A list that comes in pages. first is its first page where it is there already; args do not change. */
export function useRows<Row>(tool: string, args: Readonly<Record<string, unknown>>, first: Page<Row> | undefined, read: (r: ToolResult) => Page<Row>): Rows<Row> {
  const act = useAct()
  const [seen, setSeen] = useState(first)
  const ask = (page: number) =>
    act.call(tool, page > 1 ? { ...args, page } : args).then((r) => {
      if (!r) return
      const got = read(r)
      setSeen((s) => (page > 1 && s ? { ...got, rows: [...s.rows, ...got.rows] } : got))
    })
  useEffect(() => {
    if (!first) void ask(1)
  }, [])
  return { ...(seen ?? { rows: [], next: 0, total: undefined }), act, empty: seen === undefined, more: () => void ask(seen?.next || 1) }
}
