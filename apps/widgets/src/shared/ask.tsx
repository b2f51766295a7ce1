import { RowButton } from './list'

interface Props {
  /** What will be done, as a question: Tick off “…”? */
  readonly question: string
  /** On the button that does it. */
  readonly yes: string
  /** On that button, while it is being done. */
  readonly doing: string
  readonly busy: boolean
  readonly go: () => void
  readonly back: () => void
}

/**
 * Stands in the place of a row's buttons and asks once more. Enter does the safe thing: the keyboard is on No, and where
 * the button was that asks, so that a double press changes nothing.
 */
export function Sure({ question, yes, doing, busy, go, back }: Props) {
  return (
    <div role="group" aria-label={question} className="row sure">
      <RowButton key="yes" className="main" aria-disabled={busy} onClick={busy ? undefined : go}>
        {busy ? doing : yes}
      </RowButton>
      {!busy && (
        <RowButton key="no" autoFocus onClick={back}>
          No
        </RowButton>
      )}
    </div>
  )
}
