import { describe, expect, it } from 'vitest'
import { left } from './left'

describe('how long is left', () => {
  it.each([
    ['an hour is an hour', 3_600_000, '1:00:00', '1 hour'],
    ['minutes and seconds', 59 * 60_000 + 5_000, '59:05', '59 minutes'],
    ['hours with minutes', 2 * 3_600_000 + 60_000, '2:01:00', '2 hours and 1 minute'],
    ['a part of a second counts as one', 400, '0:01', 'less than a minute'],
    ['nothing', 0, '0:00', 'over'],
    ['less than nothing', -5_000, '0:00', 'over'],
  ])('%s', (_, ms, digits, words) => {
    expect(left(1_000_000 + ms, 1_000_000)).toMatchObject({ digits, words })
  })
})
