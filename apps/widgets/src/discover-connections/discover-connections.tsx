import { useMemo, useState } from 'react'
import { type Act, useAct } from '../shared/act'
import { Sure } from '../shared/ask'
import { Refused } from '../shared/connect'
import { Face } from '../shared/face'
import { List, RowButton } from '../shared/list'
import { Bare, Loading, Note, Whole } from '../shared/parts'
import { readMissing } from '../shared/missing'
import { many } from '../shared/words'
import { useBridge, useShown } from '../shared/widget'
import { type Action, actionsFor, type Discovered, inAWord, type Person, readDiscovered, readKept, readStatus, spoken, toKeep } from './people'

const tool = { find: 'discover_connections', act: 'connection_action' } as const

export function Connections() {
  const { phase, result, input, can } = useShown()
  const tools = useAct()
  const [again, setAgain] = useState<{ of: unknown; found: Discovered }>()
  const found = useMemo(() => (again && again.of === result ? again.found : readDiscovered(result?.structured)), [again, result])

  if (phase === 'cancelled') return <Bare><Note kind="plain">The chat did not look for other people.</Note></Bare>
  const refused = tools.refused ?? result
  if (!result || (tools.busy === tool.find && !readMissing(refused))) return <Bare><Loading what="Looking for people who look for the same" lines={4} /></Bare>
  if (result.failed && again?.of !== result) {
    const look = async () => {
      const r = await tools.call(tool.find, input)
      if (r) setAgain({ of: result, found: readDiscovered(r.structured) })
    }
    const why = tools.trouble || result.text || 'The server did not say who looks for the same.'
    return <Bare><Refused result={refused} why={why} again={can.call ? look : undefined} busy={tools.busy !== ''} /></Bare>
  }
  return (
    <main>
      <header>
        <h1>People who look for the same</h1>
        {found.people.length > 0 && <p className="quiet">{many(found.people.length, 'person', 'people')}, found by {many(found.intents, 'intent')} of yours</p>}
      </header>
      {found.people.length > 0 ? <People people={found.people} tools={tools} /> : <Nobody intents={found.intents} />}
    </main>
  )
}

function Nobody({ intents }: { intents: number }) {
  return (
    <Note kind="plain">
      {intents === 0
        ? 'Nothing that you are looking for was found in what you said, so there is nobody to look for. Say it in a sentence of its own.'
        : 'Nobody else looks for the same yet. What you said is kept, so that others can find you.'}
    </Note>
  )
}

/** What was asked of whom, and not confirmed yet. */
type Asked = { readonly id: string; readonly action: Action } | undefined

function People({ people, tools }: { people: readonly Person[]; tools: Act }) {
  const bridge = useBridge()
  const { kept, can } = useShown()
  const states = useMemo(() => readKept(kept), [kept])
  const [asked, setAsked] = useState<Asked>()
  const [said, setSaid] = useState('')
  const [whole, setWhole] = useState('')

  // Without the scope for it the server answers with a challenge, and the chat asks the person.
  const act = async (p: Person, action: Action) => {
    setSaid('')
    const r = await tools.call(tool.act, { action, userId: p.id })
    setAsked(undefined)
    if (!r) return
    bridge.keep(toKeep(new Map(states).set(p.id, readStatus(r.structured))))
    setSaid(spoken[action].done(p.name))
  }
  const buttons = (p: Person, most?: number) => {
    if (asked?.id === p.id) {
      const { asks, yes, doing } = spoken[asked.action]
      return <Sure question={asks(p.name)} yes={yes} doing={doing} busy={tools.busy !== ''} go={() => act(p, asked.action)} back={() => setAsked(undefined)} />
    }
    return actionsFor(states.get(p.id) ?? '').slice(0, most).map((action, i) => (
      <RowButton key={action} className={i === 0 ? 'main' : undefined} aria-label={`${spoken[action].does}: ${p.name}`} aria-disabled={tools.busy !== ''}
        onClick={tools.busy ? undefined : () => setAsked({ id: p.id, action })}>
        {spoken[action].does}
      </RowButton>
    ))
  }
  const shown = people.find((p) => p.id === whole)
  const leave = () => {
    setWhole('')
    setAsked(undefined)
  }
  return (
    <>
      <List label="People" rows={people} keyOf={idOf} away={shown !== undefined} open={(p) => setWhole(p.id)}
        says={(p) => <Says person={p} status={states.get(p.id) ?? ''} />} acts={can.call ? (p) => buttons(p, 2) : undefined} />
      {shown && (
        <Whole title={shown.name} back={leave}>
          <p className="quiet">{inCommon(shown, states.get(shown.id) ?? '')}</p>
          <p className="synthesis">{shown.synthesis || 'It is not known yet what the two of you have in common.'}</p>
          {can.call && <div className="row">{buttons(shown)}</div>}
        </Whole>
      )}
      <div role="status">
        {tools.busy === tool.act && <p className="quiet">The server may want your permission first. Your chat asks you for it; this goes on when you allowed it.</p>}
        {!tools.busy && said && <div className="note good">{said}</div>}
      </div>
      <Refused result={tools.refused} why={tools.trouble && `That did not work: ${tools.trouble.replace(/\.$/, '')}. Nothing was changed.`} />
    </>
  )
}

function idOf(p: Person): string {
  return p.id
}

function inCommon(p: Person, status: string): string {
  return [`${many(p.mutual, 'intent')} in common`, inAWord(status)].filter(Boolean).join(' · ')
}

function Says({ person, status }: { person: Person; status: string }) {
  return (
    <div className="person">
      <Face name={person.name} />
      <div>
        <p className="cut name">{person.name}</p>
        <p className="cut quiet">{inCommon(person, status)}</p>
        {person.synthesis && <p className="cut quiet synthesis">{person.synthesis}</p>}
      </div>
    </div>
  )
}
