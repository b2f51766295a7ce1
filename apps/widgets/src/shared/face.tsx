/** The one or two letters that stand for a person. */
export function initials(name: string): string {
  const words = name.split(/[\s._@-]+/u).filter(Boolean)
  const first = (w: string | undefined) => (w ? [...w][0] ?? '' : '')
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : '')).toUpperCase() || '?'
}

/** Stands beside a name, and says nothing that the name does not. No picture is loaded: a page has nowhere to load it from. */
export function Face({ name }: { name: string }) {
  return (
    <span className="face" aria-hidden="true">
      {initials(name)}
    </span>
  )
}
