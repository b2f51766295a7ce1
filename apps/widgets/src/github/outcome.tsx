import type { ReactNode } from 'react'
import type { ToolResult } from '../bridge/bridge'
import type { Act } from '../shared/act'
import { Bare, Failed, Loading, Note } from '../shared/parts'
import { useShown } from '../shared/widget'
import { Connect } from './connect'
import { readMissing } from './data'

/** Why a call was refused: a person can connect GitHub, or read the reason. */
export function Refused({ act, again }: { act: Act; again: () => void }) {
  const missing = readMissing(act.refused)
  if (missing) return <Connect missing={missing} again={again} busy={act.busy !== ''} />
  return act.trouble ? <Failed why={act.trouble} again={again} /> : null
}

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
        <Refused act={act} again={again} />
      </Bare>
    )
  }
  if (!answer) return <Bare><Loading what={what} lines={6} /></Bare>
  const missing = readMissing(act.refused ?? answer) // a connection can end after a good answer, too
  if (missing) return <Bare><Connect missing={missing} again={can.call ? again : undefined} busy={act.busy !== ''} /></Bare>
  if (!answer.failed) return children(answer)
  if (act.busy) return <Bare><Loading what={what} lines={6} /></Bare>
  return <Bare><Failed why={act.trouble || answer.text || 'GitHub gave no answer, and no reason.'} again={can.call ? again : undefined} /></Bare>
}
