import { expect, it } from 'vitest'
import { foreign, forPerson, many } from './words'

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

it.each([
  ['There is no such repository, or the person cannot see it. Call list_repositories, and take owner and repo from there.', 'There is no such repository, or you cannot see it.'],
  ['title is empty; call again with one', 'title is empty.'],
  ['GitHub does not take it: title is missing. Change that and call again.', 'GitHub does not take it: title is missing.'],
  ["GitHub's rate limit for this person is reached. Try again in a minute, and not before.", "GitHub's rate limit for you is reached. Try again in a minute, and not before."],
  ["GitHub no longer takes the person's token. They have to connect GitHub again: on their account page, or by signing in anew.", 'GitHub no longer takes your token. You have to connect GitHub again: on your account page, or by signing in anew.'],
  ['GitHub does not let the person do this here. They may not have write access.', 'GitHub does not let you do this here. You may not have write access.'],
  ["The person's token could not be had in time. Try again.", 'Your token could not be had in time. Try again.'],
  ['There is no such puzzle_id; the puzzles are mate1-01 to win-10. Call load_puzzle without one to have any', 'There is no such puzzle_id; the puzzles are mate1-01 to win-10.'],
  ['the person said no', 'you said no'],
  ['It is off, and the person has nothing.', 'It is off, and you have nothing.'],
  ['Call load_puzzle.', 'Call load_puzzle.'],
  ['They have to be labels.', 'They have to be labels.'],
])('a person reads instead of %j', (text, want) => {
  expect(forPerson(text)).toBe(want)
  expect(forPerson(want)).toBe(want)
})
