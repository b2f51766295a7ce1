/** What a person writes into the form. */
export interface Draft {
  title: string
  body: string
  /** With commas between them. */
  labels: string
}

/** What create_issue takes, in characters, and labels. */
export const most = { title: 256, body: 65_536, labels: 20, label: 50 }

export const labelsOf = (labels: string): string[] => [...new Set(labels.split(',').map((l) => l.trim()).filter(Boolean))]

/** What is wrong with a draft, by the name of the field; the first one first. */
export function check({ title, body, labels }: Draft): Partial<Draft> {
  const wrong: Partial<Draft> = {}
  const over = (text: string, limit: number) => [...text].length - limit
  const all = labelsOf(labels)
  const long = all.find((l) => over(l, most.label) > 0)
  if (!title.trim()) wrong.title = 'Say in a few words what it is about.'
  else if (over(title.trim(), most.title) > 0) wrong.title = `That is ${over(title.trim(), most.title)} characters too long.`
  if (over(body, most.body) > 0) wrong.body = `That is ${over(body, most.body)} characters too long.`
  if (all.length > most.labels) wrong.labels = `Those are ${all.length}. GitHub is sent ${most.labels} at most.`
  else if (long) wrong.labels = `“${long.slice(0, 20)}…” is too long for a label: ${most.label} characters at most.`
  return wrong
}
