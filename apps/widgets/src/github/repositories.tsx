import type { ToolResult } from '../bridge/bridge'
import { ago } from '../shared/ago'
import { List, RowButton } from '../shared/list'
import { Facts } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { many } from '../shared/words'
import { has, nameOf, readRepositories, type Repository } from './data'
import { useFilter } from './filter'
import { More } from './more'
import { Heading, useWalk } from './places'
import { useRows } from './tool'

/** The repositories of the person, as they were listed, and the pages after that. */
export function Repositories({ first }: { first: ToolResult }) {
  const { input, can } = useShown()
  const list = useRows('list_repositories', input, readRepositories(first), readRepositories, nameOf)
  const { rows, field, filtering } = useFilter(list, count, fits)
  return (
    <main className="repositories">
      <Heading>Your repositories</Heading>
      {list.rows.length === 0 && !list.next ? (
        <p className="quiet">There is no repository at GitHub that you own, work on or have through an organization.</p>
      ) : (
        field
      )}
      {rows.length > 0 && <List label="Your repositories" rows={rows} keyOf={nameOf} says={(r) => <Says repository={r} />} acts={can.call ? (r) => <Acts repository={r} /> : undefined} />}
      <More list={list} what="repositories" filtering={filtering} />
    </main>
  )
}

const count = (n: number) => many(n, 'repository', 'repositories')
const fits = (r: Repository, words: string) => has(words, nameOf(r), r.description, r.language)

function Says({ repository: r }: { repository: Repository }) {
  const { locale } = useShown()
  const facts = [r.hasIssues ? many(r.openIssues, 'open issue') : 'no issues kept here', age(r.updated, locale), r.language, r.stars > 0 && <Stars n={r.stars} />]
  return (
    <>
      <p className="top">
        <strong>{nameOf(r)}</strong> <span className="badge">{r.hidden ? 'Private' : 'Public'}</span>
      </p>
      {r.description && <p className="cut small">{r.description}</p>}
      <p className="quiet"><Facts line of={facts} /></p>
    </>
  )
}

function Stars({ n }: { n: number }) {
  const { locale } = useShown()
  return <><span aria-hidden="true">★ {n.toLocaleString(locale)}</span><span className="unseen">{many(n, 'star')}</span></>
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
