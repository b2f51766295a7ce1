// A host of MCP Apps 2026-01-26, around the reference implementation's AppBridge. The page runs in two frames: the
// outer one has an origin of its own and hands messages through.
import { AppBridge, isToolVisibilityModelOnly, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge'

const methods = { proxyReady: 'ui/notifications/sandbox-proxy-ready' }

export async function showAsMCPApps({ frame, sandbox, stage, server, chat }) {
  const meta = stage.page._meta?.ui ?? {}
  const bridge = new AppBridge(null, { name: 'A chat', version: '1.0' }, {
    openLinks: {}, serverTools: {}, serverResources: {}, logging: {}, message: { text: {} }, updateModelContext: { structuredContent: {}, text: {} },
  }, { hostContext: context(chat, stage) })

  bridge.oncalltool = async ({ name, arguments: args }) => {
    const tool = stage.tools.find((t) => t.name === name)
    if (!tool || isToolVisibilityModelOnly(tool)) throw new Error(`widgets may not call ${name}`)
    await chat.paused
    return server.call(name, args)
  }
  bridge.onreadresource = ({ uri }) => server.read(uri)
  bridge.onmessage = async ({ content }) => void chat.say(content.map((c) => c.text).join('')) ?? {}
  bridge.onopenlink = async ({ url }) => void chat.links.push(url) ?? {}
  bridge.onupdatemodelcontext = async (told) => void (chat.model = told.structuredContent ?? told.content) ?? {}
  bridge.onrequestdisplaymode = async ({ mode }) => {
    document.body.dataset.mode = mode
    bridge.setHostContext(context(chat, stage))
    return { mode }
  }
  bridge.onloggingmessage = ({ level, data }) => level === 'error' && chat.faults.push(String(data))
  bridge.onsizechange = ({ height }) => height && (frame.style.height = `${height}px`)
  const initialized = new Promise((resolve) => (bridge.oninitialized = resolve))

  frame.sandbox = 'allow-scripts allow-same-origin allow-forms'
  const ready = new Promise((resolve) => {
    addEventListener('message', function hear({ source, data }) {
      if (source !== frame.contentWindow || data?.method !== methods.proxyReady) return
      removeEventListener('message', hear)
      resolve()
    })
  })
  const address = new URL('/mcpapps', sandbox)
  address.searchParams.set('csp', policy(meta.csp))
  frame.src = address
  await ready
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow))
  await bridge.sendSandboxResourceReady({ html: stage.page.text, csp: meta.csp, permissions: meta.permissions })
  await initialized
  bridge.sendToolInput({ arguments: stage.args })
  stage.answer.then((result) => bridge.sendToolResult(result), (error) => bridge.sendToolCancelled({ reason: String(error) }))

  return {
    changed: () => bridge.setHostContext(context(chat, stage)),
    close: () => bridge.close(),
  }
}

function context(chat, stage) {
  const { name, description, inputSchema, title, annotations, _meta } = stage.tool
  return {
    toolInfo: { id: stage.id, tool: { name, description, inputSchema, title, annotations, _meta } },
    theme: chat.theme,
    styles: { variables: chat.palette ?? {} },
    displayMode: document.body.dataset.mode ?? 'inline',
    availableDisplayModes: ['inline', 'fullscreen'],
    locale: 'en',
    platform: 'web',
    containerDimensions: { maxHeight: 4000, maxWidth: document.getElementById('card').clientWidth },
  }
}

/**
 * MCP Apps 2026-01-26: "Host MUST construct CSP headers based on declared domains". What nobody declared is closed; the
 * two keywords are there because the page's own script and style stand in it.
 */
export function policy({ connectDomains = [], resourceDomains = [], frameDomains = [], baseUriDomains = [] } = {}) {
  const from = (...sources) => sources.join(' ')
  return [
    "default-src 'none'",
    from("script-src 'self' 'unsafe-inline'", ...resourceDomains),
    from("style-src 'self' 'unsafe-inline'", ...resourceDomains),
    from("img-src 'self' data:", ...resourceDomains),
    from("font-src 'self'", ...resourceDomains),
    from("media-src 'self' data:", ...resourceDomains),
    from('connect-src', ...(connectDomains.length ? connectDomains : ["'none'"])),
    from("frame-src 'self' about:", ...frameDomains), // the inner frame
    from('base-uri', ...(baseUriDomains.length ? baseUriDomains : ["'self'"])),
    "object-src 'none'",
  ].join('; ')
}
