import { useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { readMissing } from './missing'
import { Note } from './parts'
import { useBridge, useShown } from './widget'

interface Props {
  /** The result that failed; undefined: none came. */
  readonly result: ToolResult | undefined
  readonly why: string
  readonly again?: (() => void) | undefined
}

/** What went wrong. Where the person can mend it on a page, by connecting what the tool acts at, a button opens that. */
export function Stuck({ result, why, again }: Props) {
  const bridge = useBridge()
  const { can } = useShown()
  const [gone, setGone] = useState(false)
  const page = can.open ? (readMissing(result)?.page ?? '') : ''
  const open = () => bridge.openLink(page).then(() => setGone(true), () => {})
  return (
    <Note kind="bad">
      <p>{page && why.includes(page) ? why.replace(page, '').replace(/[:\s]*$/, '.') : why}</p>
      <div className="row">
        {page && <button type="button" className={gone ? '' : 'main'} onClick={open}>Open the page</button>}
        {again && <button type="button" className={gone ? 'main' : ''} onClick={again}>Try again</button>}
      </div>
    </Note>
  )
}
