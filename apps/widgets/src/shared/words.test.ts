import { expect, it } from 'vitest'
import { foreign, many } from './words'

it.each([
  ['Ada', 'Ada'],
  ['\u202eadA\u202c moc', 'adA moc'],
  ['a\u0000\u001b[31m', 'a[31m'],
  ['two\nlines', 'two\nlines'],
  ['نگاه\u200cها', 'نگاه\u200cها'],
  ['👩\u200d🔬', '👩\u200d🔬'],
  ['x'.repeat(12), `${'x'.repeat(10)}…`],
])('%j is %j in a sentence of ours', (text, want) => expect(foreign(text, 10)).toBe(want))

it('counts in words', () => {
  expect([many(0, 'row'), many(1, 'row'), many(10_000, 'row'), many(2, 'person', 'people')]).toEqual(['0 rows', '1 row', '10,000 rows', '2 people'])
})
