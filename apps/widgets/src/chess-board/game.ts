import { asObject, type ToolResult } from '../bridge/bridge'

export type Side = 'white' | 'black'

export interface Legal {
  from: string
  to: string
  promotion: string
  uci: string
  san: string
  capture: boolean
}

/** What every tool of the chess server answers. Whatever is not there is empty. */
export interface Game {
  fen: string
  /** The last move, as g1f3. */
  uci: string
  status: string
  turn: Side
  winner: string
  reason: string
  history: string[]
  saved: boolean
  version: number
  side: Side | ''
  /** What is wrong with the game that was kept: it can only be looked at. */
  damage: string
  engine: { by: string; depth: number; score: number | undefined; mateIn: number | undefined } | undefined
  puzzle: { id: string; theme: string; movesLeft: number; correct: boolean | undefined; solved: boolean; reply: string } | undefined
  /** undefined: the host left it out, and the server alone knows. */
  legal: Legal[] | undefined
  hints: string[]
}

export function readGame({ structured, meta }: Pick<ToolResult, 'structured' | 'meta'>): Game | undefined {
  const o = asObject(structured)
  if (typeof o.fen !== 'string') return undefined
  const engine = asObject(o.engine)
  const puzzle = asObject(o.puzzle)
  return {
    fen: o.fen,
    uci: text(o.uci),
    status: text(o.status) || 'ongoing',
    turn: o.turn === 'black' ? 'black' : 'white',
    winner: text(o.winner),
    reason: text(o.reason),
    history: texts(o.history),
    saved: o.saved === true,
    version: typeof o.version === 'number' ? o.version : 0,
    side: o.side === 'white' || o.side === 'black' ? o.side : '',
    damage: text(o.damage),
    engine: o.engine ? { by: text(engine.by), depth: number(engine.depth) ?? 0, score: number(engine.score), mateIn: number(engine.mate_in) } : undefined,
    puzzle: o.puzzle
      ? {
          id: text(puzzle.id),
          theme: text(puzzle.theme),
          movesLeft: number(puzzle.moves_left) ?? 0,
          correct: typeof puzzle.correct === 'boolean' ? puzzle.correct : undefined,
          solved: puzzle.solved === true,
          reply: text(puzzle.reply),
        }
      : undefined,
    legal: Array.isArray(meta.legal_moves) ? meta.legal_moves.map(readLegal) : undefined,
    hints: texts(meta.hints),
  }
}

function readLegal(v: unknown): Legal {
  const o = asObject(v)
  return { from: text(o.from), to: text(o.to), promotion: text(o.promotion), uci: text(o.uci), san: text(o.san), capture: o.capture === true }
}

const text = (v: unknown) => (typeof v === 'string' ? v : '')
const texts = (v: unknown) => (Array.isArray(v) ? v.filter((t) => typeof t === 'string') : [])
const number = (v: unknown) => (typeof v === 'number' ? v : undefined)

export const over = (g: Game) => g.reason !== '' || g.puzzle?.solved === true

export const other = (s: Side): Side => (s === 'white' ? 'black' : 'white')

const proper = (s: string) => s.charAt(0).toUpperCase() + s.slice(1)

/** How it stands, in a sentence. */
export function standing(g: Game, me: Side): string {
  if (g.damage) return 'This game cannot go on.'
  const p = g.puzzle
  if (p) {
    if (p.solved) return 'Solved!'
    if (p.correct === false) return 'That is not it. Try another move.'
    if (p.correct) return `Right; ${p.reply} is the answer. Find the next move.`
    return `${proper(g.turn)} to move. Find the best move.`
  }
  if (g.winner) return g.winner === me ? 'Checkmate. You won!' : 'Checkmate. You lost.'
  if (g.reason) return `A draw: ${g.reason}.`
  const check = g.status === 'check' ? 'Check! ' : ''
  return g.turn === me ? `${check}Your move.` : `${check}${proper(g.turn)} is to move.`
}

/** What the engine thinks, as its numbers are usually written. */
export function opinion(g: Game): string {
  const e = g.engine
  if (!e) return ''
  const value = e.mateIn !== undefined ? `mate in ${Math.abs(e.mateIn)} for ${e.mateIn > 0 ? 'White' : 'Black'}` : e.score !== undefined ? `${e.score > 0 ? '+' : e.score < 0 ? '−' : ''}${Math.abs(e.score).toFixed(2)}` : ''
  return [`${e.by}, depth ${e.depth}`, value].filter(Boolean).join(': ')
}

/** Moves in pairs, as they are printed. */
export function pairs(history: string[], blackBegan: boolean): { n: number; white: string; black: string }[] {
  const moves = blackBegan ? ['…', ...history] : history
  return Array.from({ length: Math.ceil(moves.length / 2) }, (_, i) => ({ n: i + 1, white: moves[2 * i] ?? '', black: moves[2 * i + 1] ?? '' }))
}
