import { expect, it } from 'vitest'
import { pairs, readGame, standing } from './game'
import { dark, moved, nameOf, piecesOf, squares, step } from './position'

const start = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1'

it('reads a position', () => {
  const pieces = piecesOf(start)
  expect(pieces.size).toBe(32)
  expect(nameOf(pieces.get('e1')!)).toBe('white king')
  expect(nameOf(pieces.get('d8')!)).toBe('black queen')
  expect(piecesOf('nonsense').size).toBeLessThan(9)
})

it('shows the board from either side', () => {
  expect(squares('white')[0]![0]).toBe('a8')
  expect(squares('black')[0]![0]).toBe('h1')
  expect([dark('a1'), dark('h1'), dark('d8')]).toEqual([true, false, true])
})

it.each([
  ['castling takes the rook along', 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1', 'e1g1', { g1: 'K', f1: 'R', h1: undefined }],
  ['on the queen side too', 'r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 0 1', 'e8c8', { c8: 'k', d8: 'r', a8: undefined }],
  ['en passant takes the pawn beside', '8/8/8/3pP3/8/8/8/K6k w - d6 0 1', 'e5d6', { d6: 'P', d5: undefined, e5: undefined }],
  ['a pawn becomes what was chosen', '8/8/8/8/8/8/p7/7K b - - 0 1', 'a2a1n', { a1: 'n', a2: undefined }],
])('%s', (_, fen, uci, want) => {
  const after = moved(piecesOf(fen), uci)
  for (const [square, piece] of Object.entries(want)) expect(after.get(square)).toBe(piece)
})

it('walks to the edge and no further', () => {
  expect(step('e2', 'ArrowUp', 'white')).toBe('e3')
  expect(step('e2', 'ArrowUp', 'black')).toBe('e1')
  expect(step('a1', 'ArrowLeft', 'white')).toBe('a1')
  expect(step('a1', 'ArrowLeft', 'black')).toBe('b1')
})

it('says how it stands', () => {
  const game = (more: object) => readGame({ structured: { fen: start, turn: 'white', ...more }, meta: {} })!
  expect(standing(game({}), 'white')).toBe('Your move.')
  expect(standing(game({ status: 'check', turn: 'black' }), 'white')).toBe('Check! Black is to move.')
  expect(standing(game({ status: 'checkmate', winner: 'black', reason: 'checkmate' }), 'white')).toBe('Checkmate. You lost.')
  expect(standing(game({ status: 'puzzle', puzzle: { id: 'x', correct: false } }), 'white')).toContain('not it')
  expect(readGame({ structured: { text: 'something else' }, meta: {} })).toBeUndefined()
})

it('prints moves in pairs', () => {
  expect(pairs(['e4', 'e5', 'Nf3'], false)).toEqual([{ n: 1, white: 'e4', black: 'e5' }, { n: 2, white: 'Nf3', black: '' }])
  expect(pairs(['e5'], true)).toEqual([{ n: 1, white: '…', black: 'e5' }])
})
