import type { ToolResult } from '../bridge/bridge'
import { Bare, Failed, Loading, Note } from '../shared/parts'
import { mount, useShown } from '../shared/widget'
import { readOpened, text } from '../github/data'
import { NewIssue } from '../github/form'
import { Around } from '../github/show'
import '../github/github.css'

/** What create_issue did; where it did nothing, the form with what the chat had written, to be mended and sent. */
function Widget() {
  const { phase, result, input, can } = useShown()
  const owner = text(input.owner)
  const repo = text(input.repo)
  const opened = result && !result.failed ? readOpened(result) : undefined
  if (phase === 'running') return <Bare><Loading what="Opening the issue" lines={4} /></Bare>
  const place = opened ?? (owner && repo ? { owner, repo } : undefined)
  if (!place || (!opened && !can.call)) {
    return <Bare>{result ? <Failed why={result.text} /> : <Note kind="plain">Your chat did not open an issue.</Note>}</Bare>
  }
  const labels = Array.isArray(input.labels) ? input.labels.filter((l) => typeof l === 'string').join(', ') : ''
  const draft = { title: text(input.title), body: text(input.body), labels }
  return <Around root={<main><NewIssue key={opened?.url ?? result?.text} place={place} draft={draft} refused={result ?? unsent} opened={opened} /></main>} />
}

const unsent: ToolResult = { failed: true, text: 'Your chat did not send it.', structured: undefined, meta: {} }

mount('github-new-issue', <Widget />)
