import { ago } from '../shared/ago'
import { useAct } from '../shared/act'
import { Facts, Note } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { many } from '../shared/words'
import { type Issue, nameOf } from './data'
import { State } from './issues'
import { Heading } from './places'

/** One issue, as far as a list has it. What people wrote is text here and never markup. */
export function OneIssue({ issue: i }: { issue: Issue }) {
  const bridge = useBridge()
  const { can, locale } = useShown()
  const act = useAct()
  const discuss = () => bridge.sendMessage(`Let's look at ${nameOf(i)}#${i.number}. What is it about, and what could be done?`).catch(() => act.complain('Your chat did not take the message.'))
  const facts = [
    nameOf(i),
    i.author && `by ${i.author}`,
    !Number.isNaN(i.created) && <time dateTime={new Date(i.created).toISOString()} title={new Date(i.created).toLocaleString(locale)}>{ago(i.created, Date.now(), locale)}</time>,
    i.comments > 0 && many(i.comments, 'comment'),
  ]
  return (
    <article>
      <Heading>{i.title} <span className="number">#{i.number}</span></Heading>
      <p className="quiet about">
        <State issue={i} /> <Facts of={facts} />
      </p>
      {i.labels.length > 0 && (
        <ul className="labels" aria-label="Labels">
          {i.labels.map((l) => <li className="label" key={l}>{l}</li>)}
        </ul>
      )}
      {i.body ? <div className="body" tabIndex={0} role="region" aria-label="What was written">{i.body}</div> : <p className="quiet body">Nothing was written.</p>}
      <div className="row">
        {can.open && i.url && <button type="button" onClick={() => bridge.openLink(i.url).catch(() => act.complain('Your chat did not open the page.'))}>View on GitHub</button>}
        {can.send && <button type="button" onClick={discuss}>Talk about it</button>}
      </div>
      {act.trouble && <Note kind="bad">{act.trouble}</Note>}
    </article>
  )
}
