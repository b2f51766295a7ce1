import type { ToolResult } from '../bridge/bridge'
import { asObject } from '../bridge/bridge'
import { text } from '../github/data'
import { Issues, type Source } from '../github/issues'
import { Answered } from '../github/outcome'
import { Around, ofRepository } from '../github/show'
import { useAnswer } from '../github/tool'
import { mount, useShown } from '../shared/widget'
import '../github/github.css'

function Widget() {
  const { input } = useShown()
  const { act, answer, again } = useAnswer('query' in input ? 'search_issues' : 'get_repository_issues')
  return (
    <Answered what="Asking GitHub for issues" act={act} answer={answer} again={again}>
      {(good) => <Around root={<main><Issues source={sourceOf(good, input)} first={good} /></main>} />}
    </Answered>
  )
}

/** A search says what it searched for; the issues of a repository say of which. */
function sourceOf({ structured }: ToolResult, input: Readonly<Record<string, unknown>>): Source {
  const { owner, repo, query, state } = asObject(structured)
  if (!text(query)) return ofRepository({ owner: text(owner), repo: text(repo) }, text(state) || 'open')
  return { tool: 'search_issues', args: input, place: undefined, query: text(query), state: text(input.state) || 'all' }
}

mount('github-issues', <Widget />)
