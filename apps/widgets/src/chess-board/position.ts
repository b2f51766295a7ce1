import type { Side } from './game'

/** A piece as a FEN has it: capitals are White's. */
export type Piece = string

const files = 'abcdefgh'
const names: Record<string, string> = { p: 'pawn', n: 'knight', b: 'bishop', r: 'rook', q: 'queen', k: 'king' }

export const sideOf = (p: Piece): Side => (p === p.toUpperCase() ? 'white' : 'black')
export const nameOf = (p: Piece) => `${sideOf(p)} ${names[p.toLowerCase()]}`

/** The pieces of a FEN by square. A FEN comes from the server; of a broken one nothing is shown. */
export function piecesOf(fen: string): Map<string, Piece> {
  const all = new Map<string, Piece>()
  const ranks = (fen.split(' ')[0] ?? '').split('/')
  ranks.forEach((rank, down) => {
    let file = 0
    for (const c of rank) {
      if (c >= '1' && c <= '8') file += Number(c)
      else if (c.toLowerCase() in names && file < 8) all.set(files[file++]! + (8 - down), c)
    }
  })
  return all
}

/** The squares as somebody who plays side sees them, from the top left on. */
export function squares(side: Side): string[][] {
  const ranks = [8, 7, 6, 5, 4, 3, 2, 1].map((rank) => [...files].map((file) => file + rank))
  return side === 'white' ? ranks : ranks.reverse().map((rank) => rank.reverse())
}

/** Whether a square is dark. */
export const dark = (square: string) => (files.indexOf(square[0]!) + Number(square[1])) % 2 === 1

/** The pieces after a move that the server has yet to confirm. */
export function moved(pieces: Map<string, Piece>, uci: string): Map<string, Piece> {
  const next = new Map(pieces)
  const [from, to, promotion] = [uci.slice(0, 2), uci.slice(2, 4), uci.slice(4, 5)]
  const piece = next.get(from)
  if (!piece) return next
  const kind = piece.toLowerCase()
  if (kind === 'p' && from[0] !== to[0] && !next.has(to)) next.delete(to[0]! + from[1]) // en passant
  if (kind === 'k' && Math.abs(files.indexOf(from[0]!) - files.indexOf(to[0]!)) === 2) {
    const short = to[0] === 'g'
    const rook = (short ? 'h' : 'a') + from[1]
    const its = next.get(rook)
    next.delete(rook)
    if (its) next.set((short ? 'f' : 'd') + from[1], its)
  }
  next.delete(from)
  next.set(to, promotion ? (sideOf(piece) === 'white' ? promotion.toUpperCase() : promotion) : piece)
  return next
}

/** One step on the board as it is seen; it stops at the edge. */
export function step(square: string, key: string, side: Side): string {
  const up = side === 'white' ? 1 : -1
  const [dx, dy] = { ArrowUp: [0, up], ArrowDown: [0, -up], ArrowLeft: [-up, 0], ArrowRight: [up, 0] }[key] ?? [0, 0]
  const file = Math.min(7, Math.max(0, files.indexOf(square[0]!) + dx!))
  const rank = Math.min(8, Math.max(1, Number(square[1]) + dy!))
  return files[file]! + rank
}
