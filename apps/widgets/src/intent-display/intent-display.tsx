import { useEffect, useMemo, useState } from 'react'
import { Sure } from '../shared/ask'
import { useAct } from '../shared/act'
import { List, RowButton } from '../shared/list'
import { Bare, Failed, Loading, Note } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { type Found, type Intent, readFound, readItem, readKept, summary, toKeep } from './intents'

const act = { list: 'get-items', change: 'perform-item-action' } as const

export function Intents() {
  const { phase, result, can } = useShown()
  const tools = useAct()
  const [newer, setNewer] = useState<Found | undefined>()
  useEffect(() => setNewer(undefined), [result]) // the chat called again
  const found = useMemo(() => newer ?? readFound(result?.structured), [newer, result])

  const look = async () => {
    const r = await tools.call(act.list)
    if (r) setNewer(readFound(r.structured))
  }
  const again = can.call ? look : undefined
  if (phase === 'cancelled') return <Bare><Note kind="plain">The chat did not ask what you are looking for.</Note></Bare>
  if (!result) return <Bare><Loading what="Finding out what you are looking for" lines={4} /></Bare>
  if (result.failed && !newer) {
    return (
      <Bare>
        <Failed why={result.text || 'The server did not say what you are looking for.'} />
        <Yours again={again} busy={tools.busy} label="See what was found before" />
        {tools.trouble && <Note kind="bad">{tools.trouble}</Note>}
      </Bare>
    )
  }
  return (
    <main>
      <header>
        <h1>{found.all ? 'What you are looking for' : 'What was found in what you said'}</h1>
        {found.intents.length > 0 && <Count found={found} />}
      </header>
      {found.intents.length === 0 ? <Nothing all={found.all} /> : <Rows found={found} tools={tools} />}
      <footer className="row">
        <Yours again={again} busy={tools.busy} label={found.all ? 'Look again' : 'See all of yours'} />
      </footer>
      {tools.trouble && <Note kind="bad">That did not work: {tools.trouble.replace(/\.$/, '')}. Nothing was changed.</Note>}
    </main>
  )
}

function Count({ found }: { found: Found }) {
  const { kept } = useShown()
  const changed = readKept(kept)
  return <p className="quiet">{summary(found, found.intents.filter((i) => changed.get(i.id) ?? i.done).length)}</p>
}

function Nothing({ all }: { all: boolean }) {
  return (
    <Note kind="plain">
      {all
        ? 'Nothing was found yet. Say in the chat what you are looking for: people, work, a place, anything.'
        : 'Nothing that you are looking for was found in what you said. Say it in a sentence of its own, such as “I am looking for a chess coach.”'}
    </Note>
  )
}

function Yours({ again, busy, label }: { again: (() => void) | undefined; busy: string; label: string }) {
  if (!again) return null
  return (
    <button type="button" aria-disabled={busy !== ''} onClick={busy ? undefined : again}>
      {busy === act.list ? 'Looking…' : label}
    </button>
  )
}

function Rows({ found, tools }: { found: Found; tools: ReturnType<typeof useAct> }) {
  const bridge = useBridge()
  const { kept, can } = useShown()
  const changed = useMemo(() => readKept(kept), [kept])
  const [asked, setAsked] = useState('')
  const [said, setSaid] = useState('')
  const isDone = (i: Intent) => changed.get(i.id) ?? i.done

  // Without the scope for it the server answers with a challenge, and the chat asks the person.
  const change = async (i: Intent) => {
    setSaid('')
    const r = await tools.call(act.change, { id: i.id, action: isDone(i) ? 'reopen' : 'complete' })
    setAsked('')
    const now = r && readItem(r.structured)
    if (!now) return
    bridge.keep(toKeep(new Map(changed).set(now.id, now.done)))
    setSaid(now.done ? `“${i.title}” is ticked off.` : `“${i.title}” is open again.`)
  }
  const acts = (i: Intent) => {
    const done = isDone(i)
    if (asked !== i.id) {
      return (
        <RowButton aria-label={`${done ? 'Open again' : 'Tick off'}: ${i.title}`} aria-disabled={tools.busy !== ''} onClick={tools.busy ? undefined : () => setAsked(i.id)}>
          {done ? 'Open again' : 'Tick off'}
        </RowButton>
      )
    }
    return (
      <Sure question={`${done ? 'Open again' : 'Tick off'}: ${i.title}`} yes={done ? 'Yes, open it' : 'Yes, tick it off'} doing="Asking…"
        busy={tools.busy === act.change} go={() => change(i)} back={() => setAsked('')} />
    )
  }
  return (
    <>
      <List label="Intents" rows={found.intents} keyOf={idOf} says={(i) => <Says intent={i} done={isDone(i)} />} acts={can.call ? acts : undefined} />
      <div role="status">
        {tools.busy === act.change && <p className="quiet">The server may want your permission first. Your chat asks you for it; this goes on when you allowed it.</p>}
        {!tools.busy && said && <div className="note good">{said}</div>}
      </div>
    </>
  )
}

function idOf(i: Intent): string {
  return i.id
}

function Says({ intent, done }: { intent: Intent; done: boolean }) {
  const { locale } = useShown()
  return (
    <div className={done ? 'intent done' : 'intent'}>
      <svg className="mark" viewBox="0 0 20 20" width="20" height="20" role="img" aria-label={done ? 'done' : 'open'}>
        <circle cx="10" cy="10" r="9" />
        {done && <path d="M6 10.4l2.7 2.7L14.2 7.4" />}
      </svg>
      <div>
        <p className="cut title" title={intent.title}>{intent.title}</p>
        {intent.text && <p className="cut quiet" title={intent.text}>{intent.text}</p>}
        {!intent.text && !Number.isNaN(intent.created) && (
          <p className="quiet">
            <time dateTime={new Date(intent.created).toISOString()}>{new Date(intent.created).toLocaleDateString(locale, { dateStyle: 'medium' })}</time>
          </p>
        )}
      </div>
    </div>
  )
}
