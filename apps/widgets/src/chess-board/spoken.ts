import { type Game, other } from './game'

const pieces: Record<string, string> = { K: 'king', Q: 'queen', R: 'rook', B: 'bishop', N: 'knight' }

/** A move as people say it: Nbxd2+ is "knight from b takes d2, check". What is no move is left as it is. */
export function spoken(san: string): string {
  const end = san.endsWith('#') ? ', checkmate' : san.endsWith('+') ? ', check' : ''
  const bare = san.replace(/[+#]$/, '')
  if (bare === 'O-O') return `castles on the king’s side${end}`
  if (bare === 'O-O-O') return `castles on the queen’s side${end}`
  const m = /^([KQRBN]?)([a-h]?[1-8]?)(x?)([a-h][1-8])(?:=([QRBN]))?$/.exec(bare)
  if (!m) return san
  const [, kind = '', from = '', takes, to, becomes] = m
  return [
    pieces[kind] ?? 'pawn',
    from && ` from ${from}`,
    takes ? ` takes ${to}` : ` to ${to}`,
    becomes ? ` and becomes a ${pieces[becomes]}` : '',
    end,
  ].join('')
}

/** What was played last, for people who do not see the board change; empty where nothing was. */
export function lastSpoken(g: Game): string {
  const san = g.history.at(-1)
  if (!san || !g.uci) return ''
  const who = other(g.turn)
  return `${who === 'white' ? 'White' : 'Black'}: ${spoken(san)}.`
}

/** Where a piece may go, as a sentence. */
export function ways(piece: string, square: string, targets: readonly string[]): string {
  const it = piece.charAt(0).toUpperCase() + piece.slice(1)
  return targets.length ? `${it} on ${square} can go to ${targets.join(', ')}.` : `${it} on ${square} cannot move.`
}
