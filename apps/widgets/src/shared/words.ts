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
