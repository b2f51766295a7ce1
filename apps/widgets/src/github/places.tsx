import { createContext, type ReactNode, useContext, useLayoutEffect, useRef, useState } from 'react'
import { useBridge } from '../shared/widget'
import type { Issue, Place } from './data'

/** What can be shown on top of what the widget began with. */
export type Spot = { at: 'issues'; place: Place } | { at: 'issue'; issue: Issue } | { at: 'form'; place: Place }

interface Walk {
  go: (to: Spot) => void
  /** How often an issue was opened here: a list that was read before has to be read again. */
  opened: number
  haveOpened: () => void
}

const TheWalk = createContext<Walk>({ go: () => {}, opened: 0, haveOpened: () => {} })
export const useWalk = () => useContext(TheWalk)

interface Step {
  spot: Spot
  /** Where the person was when they went there. */
  from: { focus: Element | null; top: number }
}

/**
 * Places on top of each other, with a way back. What is under the last one stays as it was: its pages, its filter, how
 * far it was scrolled, and what had the keyboard.
 */
export function Places({ start, kept, root, show }: {
  /** Where to begin, over the root. */
  start: Spot[]
  /** What is kept of a place, for a reload of the chat and for the model. */
  kept: (spot: Spot | undefined) => Record<string, unknown>
  root: ReactNode
  show: (spot: Spot) => ReactNode
}) {
  const bridge = useBridge()
  const [steps, setSteps] = useState<Step[]>(() => start.map((spot) => ({ spot, from: { focus: null, top: 0 } })))
  const [opened, setOpened] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const left = useRef<Step['from'] | 'forward' | undefined>(undefined)

  const shown = () => box.current?.querySelector(':scope > :not([hidden])')
  const go = (spot: Spot) => {
    left.current = 'forward'
    setSteps((s) => [...s, { spot, from: { focus: document.activeElement, top: shown()?.querySelector('.list')?.scrollTop ?? 0 } }])
    bridge.keep(kept(spot))
  }
  const back = () => {
    left.current = steps.at(-1)?.from
    setSteps((s) => s.slice(0, -1))
    bridge.keep(kept(steps.at(-2)?.spot))
  }

  useLayoutEffect(() => {
    const from = left.current
    left.current = undefined
    if (!from) return
    const heading = shown()?.querySelector('h1')
    if (from === 'forward') return heading?.focus()
    const list = shown()?.querySelector('.list')
    if (list) list.scrollTop = from.top
    const before = from.focus instanceof HTMLElement && from.focus.isConnected ? from.focus : heading
    before?.focus()
  }, [steps])

  return (
    <TheWalk value={{ go, opened, haveOpened: () => setOpened((n) => n + 1) }}>
      <div ref={box}>
        {[undefined, ...steps].map((step, i) => (
          <div key={i} hidden={i < steps.length}>
            {step ? (
              <main>
                <button type="button" className="back" onClick={back}>Back</button>
                {show(step.spot)}
              </main>
            ) : (
              root
            )}
          </div>
        ))}
      </div>
    </TheWalk>
  )
}

/** The heading of a place: it has the keyboard when somebody came there. */
export function Heading({ children }: { children: ReactNode }) {
  return <h1 tabIndex={-1}>{children}</h1>
}
