import { useState } from 'react'
import { useBridge, useShown } from '../shared/widget'
import type { Missing } from './data'

/** What stands in the place of what GitHub would have said, where the person has no connection to it. */
export function Connect({ missing, again, busy }: { missing: Missing; again?: () => void; busy: boolean }) {
  const bridge = useBridge()
  const { can } = useShown()
  const [gone, setGone] = useState(false)
  const [trouble, setTrouble] = useState('')
  const go = () => {
    setTrouble('')
    bridge.openLink(missing.page).then(
      () => setGone(true),
      () => setTrouble('Your chat did not open the page. Open it yourself:'),
    )
  }
  return (
    <div className="connect">
      <h2>GitHub is not connected</h2>
      <p>This shows what is yours at GitHub, so it needs your connection. You choose on GitHub’s own page what it may do, and end it when you like on your account page.</p>
      {missing.page && !can.open && <p>Open this page, connect GitHub there, and come back: <code className="address">{missing.page}</code></p>}
      {trouble && <p role="alert">{trouble} <code className="address">{missing.page}</code></p>}
      {!missing.page && <p>Your chat asks you for it.</p>}
      <p className="quiet" role="status">{gone && 'The page is open in another window. When GitHub is connected there, go on here.'}</p>
      <div className="row">
        {missing.page && can.open && <button type="button" className={gone ? '' : 'main'} onClick={go}>Connect GitHub</button>}
        {again && (
          <button type="button" className={gone || !missing.page ? 'main' : ''} aria-disabled={busy} onClick={busy ? undefined : again}>
            {busy ? 'Looking…' : 'I have connected it'}
          </button>
        )}
      </div>
    </div>
  )
}
