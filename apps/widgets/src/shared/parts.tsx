import { Component, type ReactNode, useLayoutEffect, useRef } from 'react'
import { forPerson } from './words'

/** The whole page, where there is nothing yet or nothing at all to show. */
export function Bare({ children }: { children: ReactNode }) {
  return (
    <main className="bare">
      <h1 className="unseen">{document.title}</h1>
      {children}
    </main>
  )
}

/** A framed sentence: plain, good, or bad. What comes later than the page itself is read out. */
export function Note({ kind, children }: { kind: 'plain' | 'good' | 'bad'; children: ReactNode }) {
  return (
    <div className={`note ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

/** Facts about one thing, the most important first. On one line, what does not fit is left out. */
export function Facts({ of, line = false }: { of: readonly ReactNode[]; line?: boolean }) {
  return (
    <span className={line ? 'facts line' : 'facts'}>
      {of.filter(Boolean).map((fact, i) => <span key={i}>{fact}</span>)}
    </span>
  )
}

/** What stands where something will be. */
export function Loading({ what, lines = 3 }: { what: string; lines?: number }) {
  return (
    <div className="loading" role="status">
      <span className="unseen">{what}</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className="bar" style={{ inlineSize: `${[62, 88, 45, 74][i % 4]}%` }} />
      ))}
    </div>
  )
}

/** What went wrong, and a button that tries again. */
export function Failed({ why, again, busy }: { why: string; again?: (() => void) | undefined; busy?: boolean | undefined }) {
  return (
    <Note kind="bad">
      <p>{forPerson(why)}</p>
      {again && (
        <button type="button" aria-disabled={busy} onClick={busy ? undefined : again}>
          {busy ? 'Trying…' : 'Try again'}
        </button>
      )}
    </Note>
  )
}

/** One row of a list in full, in its place, and the way back: the button, or Escape. */
export function Whole({ title, back, children }: { title: string; back: () => void; children: ReactNode }) {
  const all = useRef<HTMLElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const holds = useRef(true) // the keyboard is somewhere here, or was on what is not there any more
  useLayoutEffect(() => {
    if (holds.current && !all.current?.contains(document.activeElement)) heading.current?.focus()
  })
  return (
    <section ref={all} className="whole" aria-label={title} onKeyDown={(e) => e.key === 'Escape' && back()}
      onFocus={() => { holds.current = true }} onBlur={() => { holds.current = false }}>
      <button type="button" className="back" onClick={back}>
        Back
      </button>
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </section>
  )
}

/** Catches what a widget throws while it is drawn: a result of another shape than it knows. */
export class Broken extends Component<{ children: ReactNode }, { why: string }> {
  override state = { why: '' }

  static getDerivedStateFromError(e: unknown) {
    return { why: String(e) }
  }

  override render() {
    if (!this.state.why) return this.props.children
    return (
      <Bare>
        <Failed why={`This cannot be shown: ${this.state.why}`} again={() => this.setState({ why: '' })} />
      </Bare>
    )
  }
}
