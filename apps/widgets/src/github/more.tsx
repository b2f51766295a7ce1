import { useLayoutEffect, useRef } from 'react'
import { Refused } from '../shared/connect'
import { useShown } from '../shared/widget'
import type { Rows } from './tool'

/** The end of a list that came in pages: the next one, or why it did not come. Filtering asks for pages by itself. */
export function More<Row>({ list, what, filtering }: { list: Rows<Row>; what: string; filtering: boolean }) {
  const { can } = useShown()
  const busy = list.act.busy !== ''
  const holds = useRef(false) // the button has the keyboard, or had it when it went: then the list has it
  useLayoutEffect(() => {
    if (!holds.current || document.activeElement !== document.body) return
    holds.current = false
    document.querySelector<HTMLElement>('.list:not([hidden]) [data-at] [data-stop]')?.focus()
  })
  return (
    <>
      {list.next > 0 && can.call && !filtering && !list.act.trouble && (
        <button type="button" className="more" aria-disabled={busy} onClick={busy ? undefined : list.more}
          onFocus={() => { holds.current = true }} onBlur={() => { holds.current = false }}>
          {busy ? 'Asking GitHub…' : `More ${what}`}
        </button>
      )}
      <Refused result={list.act.refused} why={list.act.trouble} again={list.more} busy={busy} />
    </>
  )
}
