import { expect, test } from 'vitest'
import { readGame } from './game'
import { lastSpoken, spoken, ways } from './spoken'

test.each([
  ['e4', 'pawn to e4'],
  ['exd5', 'pawn from e takes d5'],
  ['Nf3', 'knight to f3'],
  ['Nbxd2+', 'knight from b takes d2, check'],
  ['R1a3', 'rook from 1 to a3'],
  ['Qh5xf7#', 'queen from h5 takes f7, checkmate'],
  ['exd8=Q+', 'pawn from e takes d8 and becomes a queen, check'],
  ['O-O', 'castles on the king’s side'],
  ['O-O-O+', 'castles on the queen’s side, check'],
  ['nonsense', 'nonsense'],
])('%s is said as %s', (san, said) => expect(spoken(san)).toBe(said))

test('who has played follows from who is to move', () => {
  const game = (o: object) => readGame({ structured: { fen: 'x', ...o }, meta: {} })!
  expect(lastSpoken(game({ turn: 'black', history: ['e4'], uci: 'e2e4' }))).toBe('White: pawn to e4.')
  expect(lastSpoken(game({ turn: 'white', history: ['e4', 'e5'], uci: 'e7e5' }))).toBe('Black: pawn to e5.')
  expect(lastSpoken(game({ turn: 'white', history: [] }))).toBe('')
  expect(lastSpoken(game({ turn: 'white', history: ['e4', 'e5'] }))).toBe('') // nothing was played just now
})

test('where a piece may go is a sentence', () => {
  expect(ways('white pawn', 'e2', ['e3', 'e4'])).toBe('White pawn on e2 can go to e3, e4.')
  expect(ways('black king', 'e8', [])).toBe('Black king on e8 cannot move.')
})
