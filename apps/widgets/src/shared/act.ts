import { useCallback, useRef, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { useBridge } from './widget'

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
        setTrouble(result.text || `${tool} did not work, and did not say why.`)
      } catch (e) {
        setTrouble(e instanceof Error ? e.message : String(e))
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
