import './quiet'
import { App } from '@modelcontextprotocol/ext-apps'
import { type Bridge, Board, type Mode, readResult, type Shown } from './bridge'

/** How long a host may take to answer the first message, in milliseconds. */
const patience = 5000

/** The bridge of MCP Apps 2026-01-26: JSON-RPC over postMessage. */
export function overMCP(name: string): Bridge {
  const board = new Board()
  const app = new App({ name, version: '1.0.0' }, { availableDisplayModes: ['inline', 'fullscreen'] })

  // These come once, soon after the handshake: whoever listens later has missed them.
  app.addEventListener('toolinput', ({ arguments: input }) => board.put({ input: input ?? {} }))
  app.addEventListener('toolresult', (result) => board.put({ phase: 'done', result: readResult(result) }))
  app.addEventListener('toolcancelled', () => board.put({ phase: 'cancelled' }))
  app.addEventListener('hostcontextchanged', () => board.put(context(app)))
  app.onteardown = () => ({})

  let drawer: string | undefined // under which name storage keeps what this widget keeps
  const ready = app.connect().then(() => {
    const call = app.getHostContext()?.toolInfo?.id
    drawer = call === undefined ? undefined : `${name} ${call}`
    board.put({ ...context(app), kept: recall(drawer) })
  })
  const late = setTimeout(() => board.put({ phase: 'alone' }), patience)
  ready.then(() => {
    clearTimeout(late)
    if (board.shown().phase === 'alone') board.put({ phase: 'running' })
  }, () => board.put({ phase: 'alone' }))

  return {
    subscribe: board.subscribe,
    shown: board.shown,
    callTool: async (tool, args) => {
      await ready
      return readResult(await app.callServerTool({ name: tool, arguments: { ...args } }, { timeout: 10 * 60_000 }))
    },
    sendMessage: async (text) => {
      const { isError } = await app.sendMessage({ role: 'user', content: [{ type: 'text', text }] })
      if (isError) throw new Error('The chat did not take the message.')
    },
    openLink: async (url) => {
      const { isError } = await app.openLink({ url })
      if (isError) throw new Error('The chat did not open the link.')
    },
    requestMode: async (mode) => board.put({ mode: (await app.requestDisplayMode({ mode })).mode }),
    keep: (value) => {
      board.put({ kept: value })
      store(drawer, value)
      if (app.getHostCapabilities()?.updateModelContext) {
        app.updateModelContext({ structuredContent: { ...value } }).catch(() => {})
      }
    },
  }
}

function context(app: App): Partial<Shown> {
  const c = app.getHostContext() ?? {}
  const can = app.getHostCapabilities() ?? {}
  const size = c.containerDimensions
  const height = size && ('height' in size ? size.height : size.maxHeight)
  return {
    theme: c.theme,
    mode: c.displayMode ?? 'inline',
    modes: (c.availableDisplayModes as Mode[] | undefined) ?? ['inline'],
    locale: c.locale,
    maxHeight: height,
    variables: Object.fromEntries(Object.entries(c.styles?.variables ?? {}).filter((e): e is [string, string] => typeof e[1] === 'string')),
    can: { call: can.serverTools !== undefined, send: can.message !== undefined, open: can.openLinks !== undefined },
  }
}

// MCP Apps has no place for what a widget keeps. Where the host gives the widget an origin of its own, that origin's
// storage is one; elsewhere it throws, and what was kept lasts as long as the page.

function recall(drawer: string | undefined): unknown {
  if (drawer === undefined) return null
  try {
    return JSON.parse(localStorage.getItem(drawer) ?? 'null')
  } catch {
    return null
  }
}

function store(drawer: string | undefined, value: unknown) {
  if (drawer === undefined) return
  try {
    localStorage.setItem(drawer, JSON.stringify(value))
  } catch {
    // full, or forbidden
  }
}
