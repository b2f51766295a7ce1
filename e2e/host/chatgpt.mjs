// ChatGPT as OpenAI's reference of its Apps SDK describes it: window.openai is there before the page's own script runs,
// changes are told by the event openai:set_globals, and what a widget keeps comes back with the same call.
import { policy } from './mcpapps.mjs'

export async function showAsChatGPT({ frame, sandbox, stage, server, chat }) {
  const csp = stage.page._meta?.['openai/widgetCSP'] ?? {}
  let mode = 'inline'
  let result = null
  const globals = () => ({
    theme: chat.theme,
    locale: 'en-US',
    maxHeight: 4000,
    displayMode: mode,
    safeArea: { insets: { top: 0, bottom: 0, left: 0, right: 0 } },
    userAgent: { device: { type: 'desktop' }, capabilities: { hover: true, touch: false } },
    view: null,
    toolInput: stage.args,
    toolOutput: result?.structuredContent ?? null,
    toolResponseMetadata: result && { ...result._meta, status: result.isError ? 'failed' : 'completed', mcp_tool_result: result },
    widgetState: stage.kept,
  })
  let ready = false // until then the frame has no origin, and what it would be told it gets with its page; later it may be gone
  const tell = (message) => ready && frame.contentWindow?.postMessage(message, new URL(sandbox).origin)

  const methods = {
    async callTool(name, args) {
      const tool = stage.tools.find((t) => t.name === name)
      if (tool?._meta?.['openai/widgetAccessible'] !== true) throw new Error(`${name} is not openai/widgetAccessible`)
      await chat.paused
      return server.call(name, args)
    },
    sendFollowUpMessage: async ({ prompt }) => void chat.say(prompt),
    openExternal: async ({ href }) => void chat.links.push(href),
    async requestDisplayMode(want) {
      document.body.dataset.mode = mode = want.mode
      tell({ globals: { displayMode: mode } })
      return { mode }
    },
    async setWidgetState(state) {
      // "use the structured shape (modelContent, privateContent, imageIds)": of that the model sees the first.
      chat.model = state?.privateContent ? state.modelContent : state
      if (JSON.stringify(chat.model ?? null).length > 16_000) chat.faults.push('a widget keeps more than the model can read')
      stage.kept = chat.kept = state
      tell({ globals: { widgetState: state } })
    },
    notifyIntrinsicHeight: async (height) => void (frame.style.height = `${height}px`),
  }

  const hear = async ({ source, data }) => {
    if (source !== frame.contentWindow) return
    ready = true
    if (data.ready) return tell({ html: stage.page.text, globals: globals() })
    const { id, method, args } = data
    try {
      tell({ id, value: await methods[method](...args) })
    } catch (error) {
      tell({ id, error: error instanceof Error ? error.message : String(error) })
    }
  }
  addEventListener('message', hear)
  frame.sandbox = 'allow-scripts allow-same-origin allow-forms'
  const address = new URL('/chatgpt', sandbox)
  address.searchParams.set('csp', policy({ connectDomains: csp.connect_domains, resourceDomains: csp.resource_domains, frameDomains: csp.frame_domains }))
  frame.src = address
  stage.answer.then((answer) => {
    result = answer
    const { toolOutput, toolResponseMetadata } = globals()
    tell({ globals: { toolOutput, toolResponseMetadata } })
  }, () => {})

  return {
    changed: () => tell({ globals: { theme: chat.theme } }),
    close: () => removeEventListener('message', hear),
  }
}
