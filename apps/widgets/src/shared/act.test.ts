import { expect, it } from 'vitest'
import { unanswered } from './act'

it.each([
  [new TypeError('Failed to fetch'), 'The server cannot be reached just now. Try again in a moment.'],
  [new TypeError('NetworkError when attempting to fetch resource.'), 'The server cannot be reached just now. Try again in a moment.'],
  [new Error('MCP error -32001: Request timed out'), 'There was no answer in time. It may have been done all the same: look before you try again.'],
  [new Error('MCP error -32000: Error: the person said no'), 'you said no'],
  ['no', 'no'],
  [new Error(''), 'There was no answer, and no reason.'],
])('%s is said as %s', (e, said) => expect(unanswered(e)).toBe(said))
