import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { useAct } from '../shared/act'
import { Connect } from '../shared/connect'
import { readMissing } from '../shared/missing'
import { Note } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { forPerson } from '../shared/words'
import { type Issue, nameOf, type Place, readOpened } from './data'
import { check, type Draft, labelsOf, most } from './draft'
import { blank, type Left, readLeft, same, withLeft } from './left'
import { Heading, useWalk } from './places'

/**
 * The form that opens an issue. draft is the chat's, which it begins with, and refused the answer to that. What the person
 * writes is there again when they come back to it, or the page is loaded again, until the issue is open.
 */
export function NewIssue({ place, draft, refused, opened }: { place: Place; draft?: Draft; refused?: ToolResult; opened?: Issue }) {
  const bridge = useBridge()
  const [left] = useState(() => readLeft(bridge.shown().own, place, draft))
  const [made, setMade] = useState(left.draft && !same(left.draft, blank) ? undefined : (opened ?? left.made))
  const [begin, setBegin] = useState(left.draft ?? draft ?? blank)
  const keep = (now: Left) => bridge.keepOwn(withLeft(bridge.shown().own, place, draft, now))
  if (made) {
    return (
      <Opened
        issue={made}
        another={() => {
          keep({ draft: blank })
          setBegin(blank)
          setMade(undefined)
        }}
      />
    )
  }
  return (
    <Form
      place={place}
      begin={begin}
      refused={same(begin, blank) ? undefined : refused}
      save={(now) => keep({ draft: now })}
      done={(issue) => {
        keep(draft ? { made: issue } : {})
        setMade(issue)
      }}
    />
  )
}

interface Writing {
  place: Place
  begin: Draft
  refused: ToolResult | undefined
  save: (now: Draft) => void
  done: (made: Issue) => void
}

function Form({ place, begin, refused, save, done }: Writing) {
  const { haveOpened } = useWalk()
  const act = useAct()
  const saving = useSoon(save)
  const [now, setNow] = useState(begin)
  const [tried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const wrong = tried ? check(now) : {}
  const set = (change: Partial<Draft>) => {
    setNow({ ...now, ...change })
    saving.soon({ ...now, ...change })
  }
  const before = tried ? undefined : refused
  const missing = readMissing(act.refused ?? before)
  const trouble = act.trouble || forPerson(before?.text ?? '')

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
      saving.never()
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

/** Does something with a value a moment after the last one came, and at the latest when the page or the component goes. */
function useSoon<T>(act: (value: T) => void): { soon: (value: T) => void; never: () => void } {
  const bridge = useBridge()
  const due = useRef<{ value: T; timer: ReturnType<typeof setTimeout> } | undefined>(undefined)
  const last = useRef(act)
  useEffect(() => {
    last.current = act
  })
  const never = () => {
    clearTimeout(due.current?.timer)
    due.current = undefined
  }
  const now = () => {
    const d = due.current
    never()
    if (d) last.current(d.value)
  }
  useEffect(() => {
    const stay = bridge.leaving(now)
    return () => {
      stay()
      now()
    }
  }, [bridge])
  return {
    soon: (value) => {
      never()
      due.current = { value, timer: setTimeout(now, 300) }
    },
    never,
  }
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
