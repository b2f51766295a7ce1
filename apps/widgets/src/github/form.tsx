import { type ReactNode, useId, useRef, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { useAct } from '../shared/act'
import { Note } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { Connect } from './connect'
import { type Issue, nameOf, type Place, readMissing, readOpened } from './data'
import { check, type Draft, labelsOf, most } from './draft'
import { Heading, useWalk } from './places'

/** The form that opens an issue. refused is the answer to the draft that it begins with. */
export function NewIssue({ place, draft, refused, opened }: { place: Place; draft?: Draft; refused?: ToolResult; opened?: Issue }) {
  const [made, setMade] = useState(opened)
  const [from, setFrom] = useState(draft)
  if (made) {
    return (
      <Opened
        issue={made}
        another={() => {
          setFrom(undefined)
          setMade(undefined)
        }}
      />
    )
  }
  return <Form place={place} draft={from} refused={from && refused} done={setMade} />
}

function Form({ place, draft, refused, done }: { place: Place; draft?: Draft; refused?: ToolResult; done: (made: Issue) => void }) {
  const { haveOpened } = useWalk()
  const act = useAct()
  const [now, setNow] = useState<Draft>(draft ?? { title: '', body: '', labels: '' })
  const [tried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const wrong = tried ? check(now) : {}
  const set = (change: Partial<Draft>) => setNow({ ...now, ...change })
  const before = tried ? undefined : refused
  const missing = readMissing(act.refused ?? before)
  const trouble = act.trouble || before?.text

  // Not the form's own submission: chats show widgets in frames that may not submit forms, and Enter in a line of text
  // must not publish anything.
  const send = async () => {
    setTried(true)
    const first = Object.keys(check(now))[0]
    if (first) return form.current?.querySelector<HTMLElement>(`[name=${first}]`)?.focus()
    const labels = labelsOf(now.labels)
    const r = await act.call('create_issue', {
      owner: place.owner, repo: place.repo, title: now.title.trim(),
      ...(now.body.trim() && { body: now.body }), ...(labels.length > 0 && { labels }),
    })
    const made = r && readOpened(r)
    if (made) {
      haveOpened()
      done(made)
    } else if (r) act.complain('GitHub took it, and did not say what it made of it. Look there before you send it again.')
  }
  return (
    <form ref={form} noValidate onSubmit={(e) => e.preventDefault()} aria-label="New issue">
      <Heading>New issue in {nameOf(place)}</Heading>
      <Field name="title" label="Title" wrong={wrong.title}>
        {(about) => <input {...about} type="text" required autoComplete="off" value={now.title} onChange={(e) => set({ title: e.target.value })} />}
      </Field>
      <Field name="body" label="Description" note="Markdown, if you like." wrong={wrong.body}>
        {(about) => <textarea {...about} rows={6} value={now.body} onChange={(e) => set({ body: e.target.value })} />}
      </Field>
      <Field name="labels" label="Labels" note={`Up to ${most.labels}, with commas between them.`} wrong={wrong.labels}>
        {(about) => <input {...about} type="text" autoComplete="off" value={now.labels} onChange={(e) => set({ labels: e.target.value })} />}
      </Field>
      <p className="quiet">It is opened in your name. Everybody who can see {nameOf(place)} sees it at once.</p>
      <div className="row">
        <button type="button" className="main" aria-disabled={act.busy !== ''} onClick={act.busy ? undefined : send}>
          {act.busy ? 'Opening…' : 'Open the issue'}
        </button>
      </div>
      <p className="quiet" role="status">{act.busy && 'If your chat asks whether this may open issues, it goes on when you have allowed it.'}</p>
      {missing ? <Connect missing={missing} again={send} busy={act.busy !== ''} /> : trouble && <Note kind="bad">It was not opened: {trouble}</Note>}
    </form>
  )
}

interface About {
  id: string
  name: string
  'aria-invalid': boolean
  'aria-describedby': string
}

/** A field with its label above it, and what is wrong beside it. */
function Field({ name, label, note, wrong, children }: { name: string; label: string; note?: string; wrong?: string; children: (about: About) => ReactNode }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, name, 'aria-invalid': !!wrong, 'aria-describedby': `${id}-note` })}
      <p id={`${id}-note`} className={wrong ? 'wrong' : 'quiet'}>{wrong ?? note}</p>
    </div>
  )
}

function Opened({ issue, another }: { issue: Issue; another: () => void }) {
  const bridge = useBridge()
  const { can } = useShown()
  const { go } = useWalk()
  return (
    <>
      <Note kind="good">
        <p>Issue #{issue.number} is open.</p>
      </Note>
      <div className="opened">
        <Heading>{issue.title}</Heading>
        <p className="quiet">{nameOf(issue)} #{issue.number}{issue.labels.length > 0 && ` · ${issue.labels.join(', ')}`}</p>
        {!can.open && <p><code>{issue.url}</code></p>}
      </div>
      <div className="row">
        {can.open && issue.url && <button type="button" className="main" onClick={() => bridge.openLink(issue.url).catch(() => {})}>View on GitHub</button>}
        {can.call && <button type="button" onClick={() => go({ at: 'issues', place: issue })}>Issues of {nameOf(issue)}</button>}
        {can.call && <button type="button" onClick={another}>Another one</button>}
      </div>
    </>
  )
}
