import { asObject } from '../bridge/bridge'
import { type Game, type Side } from './game'

/** More than this the model should not have to read, in characters. */
const most = 12_000

/** What survives a reload of the chat: the game as it is now, and the result of the chat's own call that it began with. */
export function toKeep(base: string, game: Game, me: Side): Record<string, unknown> {
  const all = { base, me, game }
  return JSON.stringify(all).length <= most ? all : { base, me, game: { ...game, legal: undefined, hints: [] } }
}

/** What was kept, if it belongs to the same call of the chat. */
export function readKept(kept: unknown, base: string): { game: Game; me: Side } | undefined {
  const o = asObject(kept)
  const game = asObject(o.game)
  if (o.base !== base || typeof game.fen !== 'string' || !Array.isArray(game.history) || !Array.isArray(game.hints)) return undefined
  return { game: game as unknown as Game, me: o.me === 'black' ? 'black' : 'white' }
}
