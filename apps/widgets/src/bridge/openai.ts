import { asObject, type Bridge, Board, type Mode, readResult, type Shown } from './bridge'

/** What ChatGPT puts into window, as far as widgets here use it. Older hosts leave some of it out. */
interface OpenAI {
  theme?: 'light' | 'dark'
  locale?: string
  maxHeight?: number
  displayMode?: Mode
  toolInput?: unknown
  toolOutput?: unknown
  toolResponseMetadata?: unknown
  widgetState?: unknown
  setWidgetState?(state: unknown): unknown
  callTool?(name: string, args: unknown): Promise<unknown>
  sendFollowUpMessage?(message: { prompt: string }): Promise<unknown>
  openExternal?(link: { href: string }): unknown
  requestDisplayMode?(want: { mode: Mode }): Promise<{ mode: Mode }>
  notifyIntrinsicHeight?(height: number): unknown
}

declare global {
  interface Window {
    openai?: OpenAI
  }
}

/** The bridge of window.openai, which is there before the page's own script runs. */
export function overOpenAI(host: OpenAI): Bridge {
  const board = new Board()
  const look = () => board.put({ ...globals(host), ...outcome(host, board.shown()) })
  look()
  // Its values are written anew before the event is sent.
  window.addEventListener('openai:set_globals', look, { passive: true })
  window.addEventListener('pagehide', board.leave)

  if (host.notifyIntrinsicHeight) {
    new ResizeObserver(() => host.notifyIntrinsicHeight?.(Math.ceil(document.documentElement.getBoundingClientRect().height)))
      .observe(document.documentElement)
  }

  return {
    subscribe: board.subscribe,
    shown: board.shown,
    callTool: async (tool, args) => {
      if (!host.callTool) throw new Error('This chat lets no widget call tools.')
      return readResult(await host.callTool(tool, args))
    },
    sendMessage: async (prompt) => {
      await host.sendFollowUpMessage?.({ prompt })
    },
    openLink: async (href) => {
      await host.openExternal?.({ href })
    },
    requestMode: async (mode) => {
      await host.requestDisplayMode?.({ mode })
    },
    keep: (value) => {
      board.put({ kept: value })
      write(host, board.shown())
    },
    keepOwn: (value) => {
      board.put({ own: value ?? null })
      write(host, board.shown())
    },
    leaving: board.leaving,
  }
}

/** Where a widget keeps something for itself, the state is in two halves: the model is shown modelContent alone. */
function write(host: OpenAI, { kept, own }: Shown) {
  const state = own === null ? kept : { modelContent: kept, privateContent: own, imageIds: [] }
  Promise.resolve(host.setWidgetState?.(state)).catch(() => {}) // it lasts as long as the page, then
}

function read(state: unknown): Pick<Shown, 'kept' | 'own'> {
  const o = asObject(state)
  return 'privateContent' in o ? { kept: o.modelContent ?? null, own: o.privateContent ?? null } : { kept: state ?? null, own: null }
}

function globals(host: OpenAI): Partial<Shown> {
  return {
    ...read(host.widgetState),
    input: asObject(host.toolInput),
    theme: host.theme,
    mode: host.displayMode ?? 'inline',
    modes: host.requestDisplayMode ? ['inline', 'fullscreen'] : ['inline'],
    locale: host.locale,
    maxHeight: host.maxHeight,
    can: { call: !!host.callTool, send: !!host.sendFollowUpMessage, open: !!host.openExternal },
  }
}

/** The result of the tool: the same object as before while the tool did not answer anew. */
function outcome(host: OpenAI, before: Shown): Partial<Shown> {
  const meta = asObject(host.toolResponseMetadata)
  // ChatGPT has the whole result beside its parts; others have the parts alone.
  const whole = asObject(meta.mcp_tool_result)
  if (host.toolOutput == null && Object.keys(whole).length === 0) return { phase: 'running', result: undefined }
  const result = readResult({
    content: whole.content,
    isError: whole.isError,
    structuredContent: host.toolOutput ?? whole.structuredContent,
    _meta: { ...asObject(whole._meta), ...meta },
  })
  const same = before.result !== undefined && JSON.stringify(before.result) === JSON.stringify(result)
  return { phase: 'done', result: same ? before.result : result }
}
