/** How many of something, in words: 1 intent, 10,000 intents. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : more}`
}
