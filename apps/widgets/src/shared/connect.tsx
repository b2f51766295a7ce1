import { useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { type Missing, readMissing } from './missing'
import { Failed } from './parts'
import { useBridge, useShown } from './widget'
import './connect.css'

interface Again {
  /** Does what was refused once more; undefined: the person does. */
  readonly again?: (() => void) | undefined
  /** It is being done. */
  readonly busy?: boolean
}

/** Why a call was refused: the person can connect what it acts at, or read the reason. result is what came, if anything. */
export function Refused({ result, why, again, busy }: { readonly result: ToolResult | undefined; readonly why: string } & Again) {
  const missing = readMissing(result)
  if (missing) return <Connect missing={missing} again={again} busy={busy} />
  return why ? <Failed why={why} again={again} busy={busy} /> : null
}

/** What stands in the place of what could not be done, where the person has no connection to the service that it acts at. */
export function Connect({ missing: { page, service }, again, busy }: { readonly missing: Missing } & Again) {
  const bridge = useBridge()
  const { can } = useShown()
  const [gone, setGone] = useState(false)
  const [closed, setClosed] = useState(false)
  const [tried, setTried] = useState(false)
  const go = () => {
    setClosed(false)
    setTried(false)
    bridge.openLink(page).then(() => setGone(true), () => setClosed(true))
  }
  const look = again && (() => {
    setTried(true)
    again()
  })
  const name = service || 'What this works with'
  return (
    <section className="connect" aria-label="Connection">
      <div role="alert">
        <h2>{page ? `${name} is not connected` : 'This has to be connected again'}</h2>
        {page
          ? <p>This acts at {service || 'a service'} as you, so it needs your connection there. You can end it on your account page whenever you like.</p>
          : <p>What this acts at, or this server itself, is not connected any more. Your chat asks you for it.</p>}
      </div>
      {page && (!can.open || closed) && (
        <p>{closed && 'Your chat did not open the page. '}Open it yourself, connect there, and come back: <code>{page}</code></p>
      )}
      <p className="quiet" role="status">
        {tried && !busy ? `${name} is not connected yet.` : gone ? `The page is open in another window. When you have connected there, ${look ? 'go on here' : 'do it once more here'}.` : ''}
      </p>
      <div className="row">
        {page && can.open && <button type="button" className={gone ? '' : 'main'} onClick={go}>Connect {service || 'it'}</button>}
        {look && (
          <button type="button" className={gone || !page ? 'main' : ''} aria-disabled={busy} onClick={busy ? undefined : look}>
            {busy ? 'Looking…' : 'I have connected it'}
          </button>
        )}
      </div>
    </section>
  )
}
