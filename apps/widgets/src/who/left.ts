/** How long something is still good, in words and in a clock's digits. */
export function left(until: number, now: number): { over: boolean; digits: string; words: string } {
  const s = Math.ceil((until - now) / 1000)
  if (s <= 0) return { over: true, digits: '0:00', words: 'over' }
  const h = Math.floor(s / 3600)
  const m = Math.floor((s % 3600) / 60)
  const two = (n: number) => String(n).padStart(2, '0')
  return {
    over: false,
    digits: h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`,
    words: s < 60 ? 'less than a minute' : h > 0 ? `${many(h, 'hour')}${m > 0 ? ` and ${many(m, 'minute')}` : ''}` : many(m, 'minute'),
  }
}

function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
