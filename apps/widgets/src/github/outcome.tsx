import type { ReactNode } from 'react'
import type { ToolResult } from '../bridge/bridge'
import type { Act } from '../shared/act'
import { Refused } from '../shared/connect'
import { readMissing } from '../shared/missing'
import { Bare, Loading, Note } from '../shared/parts'
import { useShown } from '../shared/widget'

/** The page of a tool that has not answered, or not well; its children where it has. */
export function Answered({ what, act, answer, again, children }: {
  what: string
  act: Act
  /** What the tool answered, or what it answered when it was called again. */
  answer: ToolResult | undefined
  again: () => void
  children: (good: ToolResult) => ReactNode
}) {
  const { phase, can } = useShown()
  if (!answer && phase === 'cancelled') {
    return (
      <Bare>
        <Note kind="plain">
          <p>Your chat did not ask GitHub.</p>
          {can.call && <button type="button" aria-disabled={act.busy !== ''} onClick={again}>Ask now</button>}
        </Note>
        <Refused result={act.refused} why={act.trouble} again={again} busy={act.busy !== ''} />
      </Bare>
    )
  }
  if (!answer) return <Bare><Loading what={what} lines={6} /></Bare>
  const refused = act.refused ?? answer // a connection can end after a good answer, too
  if (!readMissing(refused)) {
    if (!answer.failed) return children(answer)
    if (act.busy) return <Bare><Loading what={what} lines={6} /></Bare>
  }
  const why = act.trouble || answer.text || 'GitHub gave no answer, and no reason.'
  return <Bare><Refused result={refused} why={why} again={can.call ? again : undefined} busy={act.busy !== ''} /></Bare>
}
