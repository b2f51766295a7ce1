// What a widget sees of the chat that shows it. There are two kinds of host: those that speak MCP Apps (SEP-1865), and
// ChatGPT's older window.openai. Each has one implementation of Bridge, and no widget knows which it has.

/** What a tool answered. */
export interface ToolResult {
  /** structuredContent, unchecked; undefined where the tool sent none. */
  readonly structured: unknown
  /** The texts of content, one per line. */
  readonly text: string
  /** _meta, which the model does not see. */
  readonly meta: Readonly<Record<string, unknown>>
  /** isError: text says what went wrong. */
  readonly failed: boolean
}

export type Mode = 'inline' | 'fullscreen' | 'pip'

/** Everything that can change without the widget's doing. A new object for each change. */
export interface Shown {
  /**
   * running: the tool has not answered yet. done: result is there. cancelled: there will be none. alone: no host has
   * answered within five seconds, so the page was opened by itself.
   */
  readonly phase: 'running' | 'done' | 'cancelled' | 'alone'
  readonly result: ToolResult | undefined
  /** The arguments of the call that this widget shows. */
  readonly input: Readonly<Record<string, unknown>>
  /** undefined: as the system says. */
  readonly theme: 'light' | 'dark' | undefined
  readonly mode: Mode
  readonly modes: readonly Mode[]
  /** BCP 47; undefined: as the browser says. */
  readonly locale: string | undefined
  /** The most height that the host gives, in CSS pixels; undefined: any. */
  readonly maxHeight: number | undefined
  /** The colours and sizes of the host, by the names of MCP Apps: --color-text-primary and so on. */
  readonly variables: Readonly<Record<string, string>>
  /** What the widget last kept with keep; null where that was never. Unchecked: an older widget may have kept it. */
  readonly kept: unknown
  /** What it last kept for itself with keepOwn, likewise. */
  readonly own: unknown
  /** Which of the methods below the host allows. */
  readonly can: { readonly call: boolean; readonly send: boolean; readonly open: boolean }
}

export interface Bridge {
  readonly subscribe: (changed: () => void) => () => void
  readonly shown: () => Shown
  /** Calls a tool of the same server. A refusal of the tool is a result that failed; it throws where no result came. */
  readonly callTool: (name: string, args: Readonly<Record<string, unknown>>) => Promise<ToolResult>
  /** Says something in the chat, as the person. */
  readonly sendMessage: (text: string) => Promise<void>
  readonly openLink: (url: string) => Promise<void>
  readonly requestMode: (mode: Mode) => Promise<void>
  /** Keeps a small value that survives a reload of the chat, and tells the model of it. */
  readonly keep: (value: Readonly<Record<string, unknown>>) => void
  /** Keeps what is the person's alone, such as a text that they did not send yet. undefined: there is nothing any more. */
  readonly keepOwn: (value: Readonly<Record<string, unknown>> | undefined) => void
  /** Calls a function before the page is taken away: the last moment to keep something. */
  readonly leaving: (save: () => void) => () => void
}

export const nothingYet: Shown = {
  phase: 'running',
  result: undefined,
  input: {},
  theme: undefined,
  mode: 'inline',
  modes: ['inline'],
  locale: undefined,
  maxHeight: undefined,
  variables: {},
  kept: null,
  own: null,
  can: { call: true, send: false, open: false },
}

/** The part of both implementations that is the same: what is shown, and who wants to know. */
export class Board {
  #shown: Shown = nothingYet
  readonly #listeners = new Set<() => void>()
  readonly #leavers = new Set<() => void>()

  readonly subscribe = (changed: () => void) => {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  readonly shown = () => this.#shown

  readonly leaving = (save: () => void) => {
    this.#leavers.add(save)
    return () => this.#leavers.delete(save)
  }

  /** To be called when the page may be taken away; more than once does no harm. */
  readonly leave = () => {
    for (const save of this.#leavers) save()
  }

  put(change: Partial<Shown>) {
    this.#shown = { ...this.#shown, ...change }
    for (const changed of this.#listeners) changed()
  }
}

/** Reads a result of tools/call, or what a host made of one. */
export function readResult(raw: unknown): ToolResult {
  const r = asObject(raw)
  const content = Array.isArray(r.content) ? r.content : []
  const texts = content.map((c) => asObject(c).text).filter((t): t is string => typeof t === 'string')
  // Early versions of window.openai answered {result: "the text"}.
  if (texts.length === 0 && typeof r.result === 'string') texts.push(r.result)
  return { structured: r.structuredContent, text: texts.join('\n'), meta: asObject(r._meta), failed: r.isError === true }
}

export function asObject(v: unknown): Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {}
}
