import { useEffect, useState } from 'react'
import { useAct } from '../shared/act'
import { Face } from '../shared/face'
import { Bare, Failed, Loading, Note } from '../shared/parts'
import { useShown } from '../shared/widget'
import { clientHost, type Identity, readIdentity } from './identity'
import { left } from './left'

/** What the demo's settings say of its scopes, in the order in which people meet them. */
const known = [
  { scope: 'demo:read', title: 'See who you are and read your items' },
  { scope: 'demo:write', title: 'Tick off and rename your items' },
]

export function Who() {
  const { phase, result, can } = useShown()
  const act = useAct()
  const [newer, setNewer] = useState<Identity | undefined>()
  const [done, setDone] = useState('')

  useEffect(() => setNewer(undefined), [result]) // the chat called again

  const look = async () => {
    const r = await act.call('whoami')
    if (r) setNewer(readIdentity(r.structured))
    return r !== undefined
  }
  // Ticking an item off needs the scope that is missing. Without it the server answers with a challenge, and the chat
  // asks the person.
  const ask = async () => {
    setDone('')
    const r = await act.call('perform-item-action', { id: 'whoami', action: 'complete' })
    if (r && (await look())) setDone('You allowed it. “Ask who is signed in” is ticked off your list.')
  }

  if (phase === 'cancelled') return <Bare><Note kind="plain">The chat did not ask who is signed in.</Note></Bare>
  if (!result) return <Bare><Loading what="Asking who is signed in" lines={4} /></Bare>
  if (result.failed && !newer) return <Bare><Failed why={result.text || 'The server did not say who is signed in.'} again={can.call ? look : undefined} /></Bare>

  const who = newer ?? readIdentity(result.structured)
  if (!who.signedIn) {
    return <Bare><Note kind="plain">Nobody is signed in. Connect this server in the settings of your chat, and ask again.</Note></Bare>
  }
  return (
    <main>
      <Person who={who} />
      <dl>
        <Through who={who} />
        <May who={who} busy={act.busy} ask={can.call ? ask : undefined} />
        {!Number.isNaN(who.expires) && <Until expires={who.expires} busy={act.busy} look={can.call ? look : undefined} />}
      </dl>
      <div role="status">
        {act.busy === 'perform-item-action' && (
          <p className="quiet">The server wants your permission first. Your chat asks you for it; this goes on when you allowed it.</p>
        )}
        {!act.busy && done && <div className="note good">{done}</div>}
      </div>
      {act.trouble && <Note kind="bad">That did not work: {act.trouble.replace(/\.$/, '')}. Nothing was changed.</Note>}
    </main>
  )
}

function Person({ who }: { who: Identity }) {
  const name = who.name || who.username || who.subject
  const rest = [who.username, who.email].filter((w) => w && w !== name)
  return (
    <header>
      <Face name={name} />
      <div>
        <p className="quiet">You are signed in as</p>
        <h1>{name}</h1>
        {rest.length > 0 && <p className="quiet">{rest.join(' · ')}</p>}
      </div>
    </header>
  )
}

function Through({ who }: { who: Identity }) {
  const host = clientHost(who.clientID)
  return (
    <div>
      <dt>Through</dt>
      <dd>
        {host ? <code className="client">{host}</code> : <span>{who.program || 'a client without a name'}</span>}
        {host ? who.program && <p className="quiet">calls itself {who.program}</p> : <p className="quiet">so it says; known here as <code>{who.clientID}</code></p>}
      </dd>
    </div>
  )
}

function May({ who, busy, ask }: { who: Identity; busy: string; ask?: () => void }) {
  const others = who.scopes.filter((s) => !known.some((k) => k.scope === s))
  return (
    <div>
      <dt>It may</dt>
      <dd>
        <ul>
          {known.map(({ scope, title }) => {
            const has = who.scopes.includes(scope)
            return (
              <li key={scope} className={has ? 'has' : 'lacks'}>
                <Mark has={has} />
                <div>
                  <span>{title}</span> <code>{scope}</code>
                  {!has && <p className="quiet">not allowed yet</p>}
                </div>
                {!has && ask && (
                  <button
                    type="button"
                    className="main"
                    aria-label={`${busy === 'perform-item-action' ? 'Asking…' : 'Ask for it'}: ${title}`}
                    aria-disabled={busy !== ''}
                    onClick={busy ? undefined : ask}
                  >
                    {busy === 'perform-item-action' ? 'Asking…' : 'Ask for it'}
                  </button>
                )}
              </li>
            )
          })}
          {others.map((scope) => (
            <li key={scope} className="has">
              <Mark has />
              <code>{scope}</code>
            </li>
          ))}
        </ul>
      </dd>
    </div>
  )
}

function Mark({ has }: { has: boolean }) {
  return (
    <svg className="mark" viewBox="0 0 20 20" width="20" height="20" role="img" aria-label={has ? 'allowed' : 'not allowed'}>
      <circle cx="10" cy="10" r="9" />
      {has && <path d="M6 10.4l2.7 2.7L14.2 7.4" />}
    </svg>
  )
}

function Until({ expires, busy, look }: { expires: number; busy: string; look?: () => void }) {
  const { locale } = useShown()
  const now = useSeconds(expires)
  const { over, digits, words } = left(expires, now)
  const at = new Date(expires)
  return (
    <div>
      <dt>Token</dt>
      <dd className="until">
        <div>
          {over ? (
            <span role="status">is over</span>
          ) : (
            <>
              good for{' '}
              <time dateTime={at.toISOString()} aria-label={words}>
                {digits}
              </time>
            </>
          )}
          <p className="quiet">
            {over ? 'Your chat fetches a new one with the next call.' : `until ${at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })}`}
          </p>
        </div>
        {look && (
          <button type="button" aria-disabled={busy !== ''} onClick={busy ? undefined : look}>
            {busy === 'whoami' ? 'Asking…' : 'Ask again'}
          </button>
        )}
      </dd>
    </div>
  )
}

/** The time, anew at every full second before a moment, so that a countdown neither skips nor repeats one. */
function useSeconds(until: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const leftOver = until - Date.now()
    if (leftOver <= 0) return
    const timer = setTimeout(() => setNow(Date.now()), (leftOver % 1000) + 4)
    return () => clearTimeout(timer)
  }, [until, now])
  return now
}
