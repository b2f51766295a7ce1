import type { Act } from '../shared/act'
import { Face } from '../shared/face'
import { Facts, Note } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { many } from '../shared/words'
import { type Profile } from './data'

/** Who the person is at GitHub: the connection is there. */
export function Connected({ profile: p, act, again }: { profile: Profile; act: Act; again: () => void }) {
  const bridge = useBridge()
  const { can } = useShown()
  const busy = act.busy !== ''
  return (
    <main>
      <header>
        <Face name={p.name || p.login} />
        <div>
          <p className="quiet">You are connected to GitHub as</p>
          <h1>{p.name || p.login}</h1>
          <p className="quiet"><Facts of={[p.name && p.login, p.company, p.location]} /></p>
        </div>
      </header>
      {p.bio && <p className="bio">{p.bio}</p>}
      <p className="figures">{many(p.repositories, 'public repository', 'public repositories')}, {many(p.followers, 'follower')}</p>
      <div className="row">
        {can.open && p.url && <button type="button" onClick={() => bridge.openLink(p.url).catch(() => {})}>View on GitHub</button>}
        {can.call && <button type="button" aria-disabled={busy} onClick={busy ? undefined : again}>{busy ? 'Asking…' : 'Ask again'}</button>}
      </div>
      {act.trouble && <Note kind="bad">{act.trouble}</Note>}
    </main>
  )
}
