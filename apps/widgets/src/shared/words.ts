/** How many of something, in words: 1 intent, 10,000 intents. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : more}`
}

/** What somebody else wrote, on its way into a sentence of ours: nothing in it turns the rest around, and it ends. */
export function foreign(text: string, most: number): string {
  const plain = text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|(?!\n)\p{Cc}/gu, '').trim()
  const letters = [...plain]
  return letters.length > most ? `${letters.slice(0, most).join('')}…` : plain
}

/**
 * What a tool said of a failure, for who reads it in a page. It was written for models: it speaks of its person as
 * somebody else, and says which tool to call next. Saying it again changes nothing.
 */
export function forPerson(text: string): string {
  const ofPerson = /\b(the|this) person\b/i.test(text)
  const kept = text.split(/(?<=[.;])\s+/).filter((part) => !/\bcall (again|\w+[_-][\w-]+)/i.test(part)).join(' ')
  const plain = (kept || text).trim().replace(/;$/, '.')
  if (!ofPerson) return plain
  const verbs: Record<string, string> = { has: 'have', is: 'are', does: 'do', was: 'were', wants: 'want' }
  return plain
    .replace(/\b(the|this) person's\b/gi, (all) => (all.startsWith('T') ? 'Your' : 'your'))
    .replace(/(^|[.;:,] |\b(?:and|or|that) )(the|this) person (has|is|does|was|wants)\b/gi, (_, before, the: string, verb: string) => `${before}${the.startsWith('T') ? 'You' : 'you'} ${verbs[verb]}`)
    .replace(/\b(the|this) person\b/gi, (all) => (all.startsWith('T') ? 'You' : 'you'))
    .replace(/\bThey (have|may)\b/g, 'You $1')
    .replace(/\btheir account page\b/g, 'your account page')
}
