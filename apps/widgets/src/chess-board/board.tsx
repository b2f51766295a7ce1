import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import type { Legal, Side } from './game'
import { PieceShape } from './pieces'
import { dark, nameOf, type Piece, sideOf, squares, step } from './position'
import { ways } from './spoken'

interface Props {
  pieces: Map<string, Piece>
  /** Who is at the bottom. */
  below: Side
  /** Whose pieces may be moved; empty: nobody's. */
  mover: Side | ''
  legal: Legal[] | undefined
  /** The last move, as g1f3. */
  last: string
  /** The square of a king in check; empty: there is none. */
  check: string
  /** Something else has to be answered first. */
  covered: boolean
  move: (from: string, to: string) => void
}

export function Board({ pieces, below, mover, legal, last, check, covered, move }: Props) {
  const [chosen, choose] = useState('')
  const [at, goTo] = useState(below === 'white' ? 'e2' : 'e7')
  const board = useRef<HTMLDivElement>(null)
  const held = useRef<{ square: string; again: boolean; x: number; y: number; moved: boolean } | null>(null)

  // A piece that was chosen is not any more when the position is another.
  useEffect(() => choose(''), [pieces, mover])

  const mine = (square: string) => {
    const piece = pieces.get(square)
    return piece !== undefined && sideOf(piece) === mover
  }
  const targets = new Map((legal ?? []).filter((l) => l.from === chosen).map((l) => [l.to, l]))
  const allowed = (to: string) => (legal ? targets.has(to) : to !== chosen)

  const pick = (square: string) => {
    if (chosen && allowed(square) && !mine(square)) {
      move(chosen, square)
      choose('')
    } else choose(mine(square) && square !== chosen ? square : '')
  }

  const down = (e: PointerEvent<HTMLElement>, square: string) => {
    if (e.button !== 0) return
    goTo(square)
    if (!mine(square)) return pick(square)
    held.current = { square, again: chosen === square, x: e.clientX, y: e.clientY, moved: false }
    choose(square)
    e.currentTarget.setPointerCapture(e.pointerId)
  }
  // The piece follows the pointer without React: 120 times a second is often.
  const drag = (e: PointerEvent<HTMLElement>) => {
    const h = held.current
    if (!h) return
    const [dx, dy] = [e.clientX - h.x, e.clientY - h.y]
    if (!h.moved && Math.hypot(dx, dy) < 4) return
    h.moved = true
    e.currentTarget.dataset.held = ''
    e.currentTarget.style.setProperty('--dx', `${dx}px`)
    e.currentTarget.style.setProperty('--dy', `${dy}px`)
  }
  const drop = (e: PointerEvent<HTMLElement>, cancelled: boolean) => {
    const h = held.current
    held.current = null
    delete e.currentTarget.dataset.held
    if (!h || cancelled) return
    if (!h.moved) return h.again ? choose('') : undefined
    const under = board.current && squareAt(board.current, e.clientX, e.clientY, below)
    if (under && under !== h.square && (legal ? legal.some((l) => l.from === h.square && l.to === under) : !mine(under))) {
      choose('')
      move(h.square, under)
    }
  }

  const press = (e: KeyboardEvent, square: string) => {
    if (e.key.startsWith('Arrow')) {
      const next = step(square, e.key, below)
      goTo(next)
      board.current?.querySelector<HTMLElement>(`[data-square="${next}"]`)?.focus()
    } else if (e.key === 'Enter' || e.key === ' ') pick(square)
    else if (e.key === 'Escape' && chosen) choose('')
    else return
    e.preventDefault()
  }

  const piece = pieces.get(chosen)
  return (
    <>
      <div className="board" role="grid" aria-label="Chess board" ref={board} inert={covered}>
        {squares(below).map((rank, i) => (
          <div role="row" className="rank" key={rank[0]![1]}>
            {rank.map((square, j) => {
              const piece = pieces.get(square)
              const target = chosen !== '' && targets.get(square)
              const marks = [
                dark(square) ? 'dark' : 'light',
                last.includes(square) && 'last',
                square === chosen && 'chosen',
                square === check && 'check',
                target && (piece || target.capture ? 'takes' : 'goes'),
                mine(square) && 'mine',
              ]
              return (
                <div
                  key={square}
                  role="gridcell"
                  data-square={square}
                  tabIndex={square === at ? 0 : -1}
                  aria-label={`${square}, ${piece ? nameOf(piece) : 'empty'}${target ? ', can go here' : ''}${square === check ? ', in check' : ''}`}
                  aria-selected={square === chosen}
                  className={marks.filter(Boolean).join(' ')}
                  onKeyDown={(e) => press(e, square)}
                  onPointerDown={(e) => down(e, square)}
                  onPointerMove={drag}
                  onPointerUp={(e) => drop(e, false)}
                  onPointerCancel={(e) => drop(e, true)}
                >
                  {j === 0 && <span className="label number" data-text={square[1]} />}
                  {i === 7 && <span className="label letter" data-text={square[0]} />}
                  {piece && <PieceShape piece={piece} />}
                </div>
              )
            })}
          </div>
        ))}
      </div>
      <p className="unseen" role="status">{piece && legal ? ways(nameOf(piece), chosen, [...targets.keys()].sort()) : ''}</p>
    </>
  )
}

function squareAt(board: HTMLElement, x: number, y: number, below: Side): string {
  const box = board.getBoundingClientRect()
  const column = Math.floor(((x - box.left) / box.width) * 8)
  const row = Math.floor(((y - box.top) / box.height) * 8)
  return squares(below)[row]?.[column] ?? ''
}
