import { useShown } from '../shared/widget'
import { Refused } from './outcome'
import type { Rows } from './tool'

/** The end of a list that came in pages: the next one, or why it did not come. */
export function More<Row>({ list, what }: { list: Rows<Row>; what: string }) {
  const { can } = useShown()
  const busy = list.act.busy !== ''
  return (
    <>
      {list.next > 0 && can.call && !list.act.trouble && (
        <button type="button" className="more" aria-disabled={busy} onClick={busy ? undefined : list.more}>
          {busy ? 'Asking GitHub…' : `More ${what}`}
        </button>
      )}
      <Refused act={list.act} again={list.more} />
    </>
  )
}
