import { useDeferredValue, useMemo, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { ago } from '../shared/ago'
import { List, RowButton } from '../shared/list'
import { useBridge, useShown } from '../shared/widget'
import { many } from '../shared/words'
import { has, nameOf, readRepositories, type Repository } from './data'
import { More } from './more'
import { Heading, useWalk } from './places'
import { useRows } from './tool'

/** The repositories of the person, as they were listed, and the pages after that. */
export function Repositories({ first }: { first: ToolResult }) {
  const { input, can } = useShown()
  const list = useRows('list_repositories', input, readRepositories(first), readRepositories)
  const [filter, setFilter] = useState('')
  const words = useDeferredValue(filter.trim())
  const rows = useMemo(() => (words ? list.rows.filter((r) => has(words, nameOf(r), r.description, r.language)) : list.rows), [list.rows, words])

  return (
    <main className="repositories">
      <Heading>Your repositories</Heading>
      {list.rows.length === 0 ? (
        <p className="quiet">There is no repository at GitHub that you own, work on or have through an organization.</p>
      ) : (
        <label className="filter">
          <span>Filter</span>
          <input type="search" value={filter} onChange={(e) => setFilter(e.target.value)} />
        </label>
      )}
      <p className="quiet count" role="status">{told(list.rows.length, rows.length, words, list.next)}</p>
      {rows.length > 0 && <List label="Your repositories" rows={rows} keyOf={nameOf} says={(r) => <Says repository={r} />} acts={can.call ? (r) => <Acts repository={r} /> : undefined} />}
      <More list={list} what="repositories" />
    </main>
  )
}

function told(all: number, seen: number, words: string, next: number): string {
  if (all === 0) return ''
  const more = next ? ' so far' : ''
  if (!words) return many(all, 'repository', 'repositories') + more
  return seen ? `${seen} of ${many(all, 'repository', 'repositories')}${more}` : `Nothing with “${words}” in the ${all} here${next ? '; there are more to show' : ''}.`
}

function Says({ repository: r }: { repository: Repository }) {
  const { locale } = useShown()
  const facts = [r.language, r.stars > 0 && `★ ${r.stars.toLocaleString(locale)}`, r.hasIssues ? many(r.openIssues, 'open issue') : 'no issues kept here', age(r.updated, locale)]
  return (
    <>
      <p className="top">
        <strong>{nameOf(r)}</strong> <span className="badge">{r.hidden ? 'Private' : 'Public'}</span>
      </p>
      {r.description && <p className="cut small">{r.description}</p>}
      <p className="cut quiet">{facts.filter(Boolean).join(' · ')}</p>
    </>
  )
}

const age = (then: number, locale: string | undefined) => (Number.isNaN(then) ? '' : `changed ${ago(then, Date.now(), locale)}`)

function Acts({ repository: r }: { repository: Repository }) {
  const bridge = useBridge()
  const { can } = useShown()
  const { go } = useWalk()
  const name = nameOf(r)
  return (
    <>
      {r.hasIssues && <RowButton aria-label={`Issues of ${name}`} onClick={() => go({ at: 'issues', place: r })}>Issues</RowButton>}
      {r.hasIssues && <RowButton aria-label={`New issue in ${name}`} onClick={() => go({ at: 'form', place: r })}>New issue</RowButton>}
      {can.open && r.url && <RowButton aria-label={`GitHub page of ${name}`} onClick={() => bridge.openLink(r.url).catch(() => {})}>GitHub</RowButton>}
    </>
  )
}
