import { useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { ago } from '../shared/ago'
import { List } from '../shared/list'
import { Facts, Loading } from '../shared/parts'
import { useShown } from '../shared/widget'
import { many } from '../shared/words'
import { has, type Issue, nameOf, type Place, readIssues } from './data'
import { useFilter } from './filter'
import { More } from './more'
import { Heading, useWalk } from './places'
import { useRows } from './tool'

/** Where a list of issues comes from: get_repository_issues, or search_issues. */
export interface Source {
  tool: 'get_repository_issues' | 'search_issues'
  args: Readonly<Record<string, unknown>>
  /** The repository; undefined: the issues are from everywhere. */
  place: Place | undefined
  /** What was searched for. */
  query: string
  state: string
}

const states = [['open', 'Open'], ['closed', 'Closed'], ['all', 'All']] as const

/** Issues of a repository, or what a search found. first is the answer that is there already. */
export function Issues({ source, first }: { source: Source; first?: ToolResult }) {
  const { can } = useShown()
  const { go, opened } = useWalk()
  const [state, setState] = useState(source.state)
  const { place } = source
  return (
    <>
      <Heading>{place ? `Issues of ${nameOf(place)}` : 'Issues found'}</Heading>
      {source.query && <p className="quiet">for <code>{source.query}</code></p>}
      <div className="row tools">
        {can.call && (
          <div className="choice" role="group" aria-label="State">
            {states.map(([value, title]) => (
              <button type="button" key={value} aria-pressed={state === value} onClick={() => setState(value)}>{title}</button>
            ))}
          </div>
        )}
        {can.call && place && <button type="button" onClick={() => go({ at: 'form', place })}>New issue</button>}
      </div>
      <Some key={`${state} ${opened}`} source={source} state={state} first={opened === 0 && state === source.state ? first : undefined} />
    </>
  )
}

/** The issues of one state. */
function Some({ source, state, first }: { source: Source; state: string; first?: ToolResult }) {
  const { go } = useWalk()
  const [args] = useState(() => ({ ...source.args, state }))
  const list = useRows(source.tool, args, first && readIssues(first), readIssues, keyOf)
  const kind = state === 'all' ? 'issue' : `${state} issue`
  const { rows, field, filtering } = useFilter(list, (n) => (n ? many(n, kind) : `No ${kind}`), fits)
  if (list.empty && !list.act.trouble) return <Loading what="Asking GitHub for issues" lines={4} />
  return (
    <>
      {!list.empty && field}
      {rows.length > 0 && (
        <div className="issues"><List label="Issues" rows={rows} keyOf={keyOf} says={(i) => <Says issue={i} everywhere={!source.place} />} open={(issue) => go({ at: 'issue', issue })} /></div>
      )}
      <More list={list} what="issues" filtering={filtering} />
    </>
  )
}

const keyOf = (i: Issue) => `${nameOf(i)}#${i.number}`
const fits = (i: Issue, words: string) => has(words, `#${i.number}`, i.title, i.author, ...i.labels)

function Says({ issue: i, everywhere }: { issue: Issue; everywhere: boolean }) {
  const { locale } = useShown()
  const facts = [
    everywhere && nameOf(i),
    i.author && `by ${i.author}`,
    !Number.isNaN(i.updated) && `changed ${ago(i.updated, Date.now(), locale)}`,
    i.comments > 0 && many(i.comments, 'comment'),
  ]
  return (
    <>
      <p className="top">
        <span className="number">#{i.number}</span> <strong>{i.title}</strong>
      </p>
      <p className="top quiet">
        <State issue={i} /> <Facts line of={facts} />
      </p>
      {i.labels.length > 0 && (
        <p className="chips">
          {i.labels.map((l) => <span className="label" key={l}>{l} </span>)}
        </p>
      )}
    </>
  )
}

export function State({ issue }: { issue: Issue }) {
  return <span className={`badge ${issue.state}`}>{issue.state}{issue.pull && ' pull request'}</span>
}
