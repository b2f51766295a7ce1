import { expect, it } from 'vitest'
import { ago } from './ago'

const now = Date.UTC(2026, 10, 21)

it.each([
  [0, 'now'],
  [59_000, 'now'],
  [60_000, '1 minute ago'],
  [86_399_000, '23 hours ago'],
  [86_400_000, 'yesterday'],
  [15 * 86_400_000, '2 weeks ago'],
  [800 * 86_400_000, '2 years ago'],
  [-7_200_000, 'in 2 hours'],
  [NaN, ''],
])('%d ms are %s', (ms, words) => expect(ago(now - ms, now, 'en')).toBe(words))
