import { useCallback, useRef, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { useBridge } from './widget'
import { forPerson } from './words'

export interface Act {
  /** The tool that is being called; empty: none. */
  readonly busy: string
  /** Why the last call failed; empty: it did not. */
  readonly trouble: string
  /** The result with which the last call was refused; undefined: it was not, or there was no result. */
  readonly refused: ToolResult | undefined
  /** Calls a tool, one at a time. Resolves to undefined where there is no good result; trouble then says why. */
  readonly call: (tool: string, args?: Readonly<Record<string, unknown>>) => Promise<ToolResult | undefined>
  /** Says what else went wrong, in the place of trouble. */
  readonly complain: (why: string) => void
}

/** Why no result came. Browsers and protocols say it in words of their own, which nobody else has to know. */
export function unanswered(e: unknown): string {
  const why = e instanceof Error ? e.message : String(e)
  if (/failed to fetch|networkerror|load failed|connection (closed|lost|refused)/i.test(why)) return 'The server cannot be reached just now. Try again in a moment.'
  if (/timed? ?out/i.test(why)) return 'There was no answer in time. It may have been done all the same: look before you try again.'
  return forPerson(why.replace(/^(MCP error -?\d+: |Error: )+/, '')) || 'There was no answer, and no reason.'
}

/** Calls of tools, with what has to be shown meanwhile and after. */
export function useAct(): Act {
  const bridge = useBridge()
  const [busy, setBusy] = useState('')
  const [trouble, setTrouble] = useState('')
  const [refused, setRefused] = useState<ToolResult | undefined>()
  const running = useRef(false)
  const call = useCallback<Act['call']>(
    async (tool, args = {}) => {
      if (running.current) return undefined
      running.current = true
      setBusy(tool)
      setTrouble('')
      setRefused(undefined)
      try {
        const result = await bridge.callTool(tool, args)
        if (!result.failed) return result
        setRefused(result)
        setTrouble(forPerson(result.text) || `${tool} did not work, and did not say why.`)
      } catch (e) {
        setTrouble(unanswered(e))
      } finally {
        running.current = false
        setBusy('')
      }
      return undefined
    },
    [bridge],
  )
  return { busy, trouble, refused, call, complain: setTrouble }
}
