import type { ReactNode } from 'react'
import { asObject, type Shown } from '../bridge/bridge'
import { useBridge } from '../shared/widget'
import { nameOf, type Place, text } from './data'
import { NewIssue } from './form'
import { OneIssue } from './issue'
import { Issues, type Source } from './issues'
import { readLeft } from './left'
import { Places, type Spot } from './places'

/** A widget that begins with root, and the places that it leads to. */
export function Around({ root }: { root: ReactNode }) {
  const bridge = useBridge()
  return <Places start={start(bridge.shown())} kept={kept} root={root} show={show} />
}

function show(spot: Spot) {
  switch (spot.at) {
    case 'issues':
      return <Issues source={ofRepository(spot.place)} />
    case 'issue':
      return <OneIssue issue={spot.issue} />
    case 'form':
      return <NewIssue place={spot.place} />
  }
}

export function ofRepository({ owner, repo }: Place, state = 'open'): Source {
  return { tool: 'get_repository_issues', args: { owner, repo }, place: { owner, repo }, query: '', state }
}

const form = 'form for a new issue'

/**
 * What the model is told of where the person looks. After a reload they see the issues of that repository again, or the
 * form where they wrote something into it.
 */
function kept(spot: Spot | undefined): Record<string, unknown> {
  switch (spot?.at) {
    case 'issues':
      return { looking_at: 'issues', repository: nameOf(spot.place) }
    case 'issue':
      return { looking_at: 'issue', repository: nameOf(spot.issue), issue: spot.issue.number }
    case 'form':
      return { looking_at: form, repository: nameOf(spot.place) }
  }
  return {}
}

function start({ kept, own }: Shown): Spot[] {
  const was = asObject(kept)
  const [owner, repo, more] = text(was.repository).split('/')
  if (!owner || !repo || more !== undefined) return []
  const place = { owner, repo }
  return [{ at: was.looking_at === form && readLeft(own, place, undefined).draft ? 'form' : 'issues', place }]
}
