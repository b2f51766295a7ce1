import './quiet'
import { App } from '@modelcontextprotocol/ext-apps'
import { type Bridge, Board, type Mode, readResult, type Shown } from './bridge'
import { type Drawer, drawer, noDrawer } from './drawer'

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
  app.onteardown = () => {
    board.leave()
    return {}
  }
  addEventListener('pagehide', board.leave)

  // What the model was told of is found again as long as the chat is. What is the person's alone ends with their tab,
  // and a widget has to see for itself that it is of the same call where the host does not say which that is.
  let kept: Drawer = noDrawer
  let own: Drawer = noDrawer
  const ready = app.connect().then(() => {
    const call = app.getHostContext()?.toolInfo?.id
    if (call !== undefined) kept = drawer(() => localStorage, `${name} ${call}`)
    own = drawer(() => sessionStorage, `${name} ${call ?? ''} own`)
    board.put({ ...context(app), kept: kept.look(), own: own.look() })
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
      kept.put(value)
      if (app.getHostCapabilities()?.updateModelContext) {
        app.updateModelContext({ structuredContent: { ...value } }).catch(() => {})
      }
    },
    keepOwn: (value) => {
      board.put({ own: value ?? null })
      own.put(value)
    },
    leaving: board.leaving,
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
