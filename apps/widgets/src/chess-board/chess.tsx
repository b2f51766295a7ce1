import { useEffect, useMemo, useRef, useState } from 'react'
import type { ToolResult } from '../bridge/bridge'
import { useAct } from '../shared/act'
import { Bare, Failed, Loading, Note } from '../shared/parts'
import { useBridge, useShown } from '../shared/widget'
import { Board } from './board'
import { type Game, opinion, other, over, pairs, readGame, type Side, standing } from './game'
import { readKept, toKeep } from './kept'
import { PieceShape } from './pieces'
import { moved, nameOf, piecesOf } from './position'
import { lastSpoken } from './spoken'

export function Chess() {
  const { phase, result, can } = useShown()
  const act = useAct()
  const [begun, setBegun] = useState<{ of: unknown; game: Game }>() // in the place of what failed
  const begin = async (tool: string) => {
    const r = await act.call(tool)
    const game = r && readGame(r)
    if (game) setBegun({ of: result, game })
  }
  if (phase === 'cancelled') return <Bare><Note kind="plain">The chat did not set up a board.</Note></Bare>
  if (!result) return <Bare><Loading what="Setting up the board" lines={6} /></Bare>
  const first = begun?.of === result ? begun?.game : result.failed ? undefined : readGame(result)
  if (result.failed && !first) {
    return (
      <Bare>
        <Failed why={act.trouble || result.text || 'The server did not set up a board.'} />
        {can.call && (
          <div className="row instead">
            <button type="button" aria-disabled={act.busy !== ''} onClick={() => begin('new_game')}>New game</button>
            <button type="button" aria-disabled={act.busy !== ''} onClick={() => begin('load_puzzle')}>Puzzle</button>
          </div>
        )}
      </Bare>
    )
  }
  if (!first) return <Bare><Note kind="plain">There is no game here to show.</Note></Bare>
  return <Play first={first} key={`${first.fen} ${first.version} ${first.puzzle?.id}`} />
}

function Play({ first }: { first: Game }) {
  const { game, me, guess, act, make, begin } = usePlay(first)
  const [flipped, flip] = useState(false)
  const [choice, setChoice] = useState<{ from: string; to: string } | null>(null)
  const below = flipped ? other(me) : me

  const pieces = useMemo(() => (guess ? moved(piecesOf(game.fen), guess) : piecesOf(game.fen)), [game.fen, guess])
  const free = act.busy === '' && !over(game) && !game.damage && game.turn === me
  const last = guess || game.uci
  const king = game.status === 'check' || game.status === 'checkmate' ? [...pieces].find(([, p]) => p === (game.turn === 'white' ? 'K' : 'k'))?.[0] : ''

  const { can, mode, modes } = useShown()
  const bridge = useBridge()
  const advise = () =>
    bridge
      .sendMessage(`I play ${me} and it is my move. The position is ${game.fen}. What should I look at? Do not tell me the best move.`)
      .catch((e) => act.complain(String(e)))

  const wide = mode === 'fullscreen'
  const widen = () => bridge.requestMode(wide ? 'inline' : 'fullscreen').catch((e) => act.complain(String(e)))

  const promote = (kind: string) => {
    setChoice(null)
    if (choice && kind) make(choice.from + choice.to + kind)
  }
  // Whoever was asked goes on where they were.
  const asked = useRef(false)
  useEffect(() => {
    if (asked.current && !choice) document.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]')?.focus()
    asked.current = choice !== null
  }, [choice])

  const go = (from: string, to: string) => {
    const ways = game.legal?.filter((l) => l.from === from && l.to === to)
    if (ways && ways.length > 1) return setChoice({ from, to })
    make(ways?.[0]?.uci ?? from + to)
  }

  return (
    <main className="chess" data-fen={game.fen}>
      <div className="table">
        <Board pieces={pieces} below={below} mover={free ? me : ''} legal={game.legal} last={last} check={guess ? '' : (king ?? '')} covered={choice !== null} move={go} />
        {choice && <Promotion side={me} choose={promote} />}
      </div>
      <div className="beside">
        <header>
          <h1>{game.puzzle ? `Puzzle: ${game.puzzle.theme}` : game.saved ? 'Your game' : 'A game'}</h1>
          <p className={`standing ${mood(game)}`} role="status">
            {act.busy === 'engine_move' ? 'The engine is thinking…' : act.busy === 'new_game' || act.busy === 'load_puzzle' ? 'Setting up…' : (
              <><span className="unseen">{lastSpoken(game)} </span>{standing(game, me)}</>
            )}
          </p>
        </header>
        {act.trouble && (
          <Note kind="bad">
            <p>{act.trouble}</p>
            {game.saved && <button type="button" onClick={() => begin('status')}>Show the game as it is now</button>}
          </Note>
        )}
        {game.damage && <Note kind="bad"><p>{game.damage}</p></Note>}
        <Coach game={game} mine={free} />
        <History game={game} />
        <div className="row">
          {game.turn !== me && !over(game) && !game.damage && !act.busy && !game.puzzle && (
            <button type="button" className="main" onClick={() => make('')}>Let the engine move</button>
          )}
          <button type="button" aria-disabled={act.busy !== ''} onClick={() => begin('new_game', { side: me })}>New game</button>
          <button type="button" aria-disabled={act.busy !== ''} onClick={() => begin('load_puzzle')}>{game.puzzle ? 'Next puzzle' : 'Puzzle'}</button>
          <button type="button" onClick={() => flip(!flipped)}>Flip</button>
          {(wide || modes.includes('fullscreen')) && <button type="button" onClick={widen}>{wide ? 'Back to the chat' : 'Full screen'}</button>}
          {can.send && !game.puzzle && free && <button type="button" onClick={advise}>Ask for advice</button>}
        </div>
      </div>
    </main>
  )
}

/** The game as it is now, and what can be done about it. */
function usePlay(first: Game) {
  const bridge = useBridge()
  const act = useAct()
  const base = `${first.fen} ${first.version} ${first.puzzle?.id ?? ''}`
  const [kept] = useState(() => readKept(bridge.shown().kept, base))
  const [game, setGame] = useState(kept?.game ?? first)
  const [me, setMe] = useState<Side>(kept?.me ?? (first.side || first.turn))
  const [guess, setGuess] = useState('')
  const now = useRef(game)

  const take = (r: ToolResult | undefined, side: Side): Game | undefined => {
    const next = r && readGame(r)
    if (!next) return undefined
    now.current = next
    setGame(next)
    setMe(side)
    bridge.keep(toKeep(base, next, side))
    return next
  }
  const place = (g: Game) => (g.saved ? { version: g.version } : { fen: g.fen, move_history: g.history })

  const make = async (uci: string) => {
    let g: Game | undefined = now.current
    if (uci) {
      setGuess(uci)
      const r = g.puzzle && !g.puzzle.solved
        ? await act.call('check_puzzle_move', { move: uci, puzzle_id: g.puzzle.id, fen: g.fen })
        : await act.call('apply_move', { move: uci, ...place(g) })
      g = take(r, me)
      setGuess('')
    }
    if (g && !g.puzzle && !over(g) && g.turn !== me) take(await act.call('engine_move', place(g)), me)
  }
  const begin = async (tool: string, args: Record<string, unknown> = {}) => {
    if (act.busy) return
    const r = await act.call(tool, args)
    const side = r && readGame(r)?.side
    const g = take(r, side || me)
    if (tool === 'new_game' && g && g.turn !== g.side && g.side) take(await act.call('engine_move', place(g)), g.side)
  }

  useEffect(() => {
    now.current = game
  }, [game])
  return { game, me, guess, act, make, begin }
}

const mood = (g: Game) => (g.puzzle?.solved || g.puzzle?.correct ? 'well' : g.puzzle?.correct === false ? 'badly' : '')

function Coach({ game, mine }: { game: Game; mine: boolean }) {
  // What a coach says of a puzzle would give it away.
  const said = !game.puzzle && mine ? game.hints : []
  const thought = opinion(game)
  return (
    <div className="coach">
      {said.length > 0 && (
        <ul aria-label="Coach">
          {said.map((hint) => (
            <li key={hint}>{hint}</li>
          ))}
        </ul>
      )}
      {thought && <p className="quiet">{thought}</p>}
    </div>
  )
}

function History({ game }: { game: Game }) {
  const end = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight
  }, [game.history.length])
  if (game.history.length === 0) return game.puzzle ? null : <p className="quiet moves">No move was made yet.</p>
  // Who began follows from who is to move now, and how many moves there were.
  const blackBegan = (game.history.length % 2 === 0 ? game.turn : other(game.turn)) === 'black'
  return (
    <ol className="moves" aria-label="Moves" ref={end} tabIndex={0}>
      {pairs(game.history, blackBegan).map(({ n, white, black }) => (
        <li key={n}>
          <span className="quiet">{n}.</span> <span>{white}</span> <span>{black}</span>
        </li>
      ))}
    </ol>
  )
}

/** Asks what a pawn becomes. The keyboard is on no answer at first: the Enter that brought the pawn here must not be one. */
function Promotion({ side, choose }: { side: Side; choose: (kind: string) => void }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [])
  const press = (key: string) => {
    if (key === 'Escape') choose('')
    else if (kinds.includes(key)) choose(key)
  }
  return (
    <div className="promotion" role="dialog" aria-label="Promote the pawn to" tabIndex={-1} ref={box} onKeyDown={(e) => press(e.key)}>
      {kinds.map((kind) => {
        const piece = side === 'white' ? kind.toUpperCase() : kind
        return (
          <button type="button" key={kind} aria-label={nameOf(piece).split(' ')[1]} aria-keyshortcuts={kind} onClick={() => choose(kind)}>
            <PieceShape piece={piece} />
          </button>
        )
      })}
      <button type="button" onClick={() => choose('')}>Cancel</button>
    </div>
  )
}

const kinds = ['q', 'r', 'b', 'n']
