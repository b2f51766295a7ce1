import { useMemo, useState } from 'react'
import { Sure } from '../shared/ask'
import { useAct } from '../shared/act'
import { List, RowButton } from '../shared/list'
import { Bare, Loading, Note, Whole } from '../shared/parts'
import { Refused } from '../shared/connect'
import { useBridge, useShown } from '../shared/widget'
import { type Found, type Intent, readFound, readItem, readKept, summary, toKeep } from './intents'

const act = { find: 'extract_intent', list: 'get-items', change: 'perform-item-action' } as const

export function Intents() {
  const bridge = useBridge()
  const { phase, result, input, can } = useShown()
  const tools = useAct()
  const [newer, setNewer] = useState<{ of: unknown; found: Found }>() // than the result of the chat's own call
  const found = useMemo(() => (newer && newer.of === result ? newer.found : readFound(result?.structured)), [newer, result])

  const ask = async (tool: string, args = {}) => {
    const r = await tools.call(tool, args)
    if (r) setNewer({ of: result, found: readFound(r.structured) })
  }
  const look = () => ask(act.list)
  const again = can.call ? look : undefined
  const said = 'fullInputText' in input // and not: what was found before
  const others = () => bridge.sendMessage('Find people who are looking for the same as I am.').catch((e) => tools.complain(String(e.message ?? e)))
  if (phase === 'cancelled') return <Bare><Note kind="plain">The chat did not ask what you are looking for.</Note></Bare>
  if (!result) return <Bare><Loading what="Finding out what you are looking for" lines={4} /></Bare>
  if (result.failed && newer?.of !== result) {
    return (
      <Bare>
        <Refused result={tools.refused ?? result} why={tools.trouble || result.text || 'The server did not say what you are looking for.'}
          again={again && said ? () => ask(act.find, input) : again} busy={tools.busy !== ''} />
        {said && <p className="row before"><Yours again={again} busy={tools.busy} label="See what was found before" /></p>}
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
        {can.send && found.intents.length > 0 && <button type="button" className="main" onClick={others}>Find people</button>}
        <Yours again={again} busy={tools.busy} label={found.all ? 'Look again' : 'See all of yours'} />
      </footer>
      <Refused result={tools.refused} why={tools.trouble && `That did not work: ${tools.trouble.replace(/\.$/, '')}. Nothing was changed.`} />
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
  const [whole, setWhole] = useState('')
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
  const shown = found.intents.find((i) => i.id === whole)
  const leave = () => {
    setWhole('')
    setAsked('')
  }
  return (
    <>
      <List label="Intents" rows={found.intents} keyOf={idOf} away={shown !== undefined} open={(i) => setWhole(i.id)}
        says={(i) => <Says intent={i} done={isDone(i)} />} acts={can.call ? acts : undefined} />
      {shown && (
        <Whole title={shown.title} back={leave}>
          <When at={shown.created} />
          {shown.text && <p className="text">{shown.text}</p>}
          {can.call && <div className="row">{acts(shown)}</div>}
        </Whole>
      )}
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

function When({ at }: { at: number }) {
  const { locale } = useShown()
  if (Number.isNaN(at)) return null
  const day = new Date(at)
  return <p className="quiet"><time dateTime={day.toISOString()}>{day.toLocaleDateString(locale, { dateStyle: 'medium' })}</time></p>
}

function Says({ intent, done }: { intent: Intent; done: boolean }) {
  return (
    <div className={done ? 'intent done' : 'intent'}>
      <svg className="mark" viewBox="0 0 20 20" width="20" height="20" role="img" aria-label={done ? 'done' : 'open'}>
        <circle cx="10" cy="10" r="9" />
        {done && <path d="M6 10.4l2.7 2.7L14.2 7.4" />}
      </svg>
      <div>
        <p className="cut title">{intent.title}</p>
        {intent.text && <p className="cut quiet">{intent.text}</p>}
        {!intent.text && <When at={intent.created} />}
      </div>
    </div>
  )
}
