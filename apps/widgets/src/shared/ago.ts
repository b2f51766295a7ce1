const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** How long ago a time was, in words; empty for no time. All are milliseconds since 1970. */
export function ago(then: number, now: number, locale?: string): string {
  if (Number.isNaN(then)) return ''
  const [unit, length] = units.find(([, length]) => Math.abs(now - then) >= length) ?? ['second', Infinity]
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc((then - now) / length) || 0, unit)
}
