// A chat with no model in it: it signs in as MCP clients do, calls one tool, and shows the tool's page as the two kinds
// of host do. Tests drive it through window.chat.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import { getToolUiResourceUri, RESOURCE_MIME_TYPE } from '@modelcontextprotocol/ext-apps/app-bridge'
import { showAsChatGPT } from './chatgpt.mjs'
import { showAsMCPApps } from './mcpapps.mjs'

const { mcp, sandbox } = document.body.dataset
const element = (id) => document.getElementById(id)
const said = new BroadcastChannel('answers') // of the page that the authorization server sends people back to

/** What the client keeps: as long as the page lives. */
class Memory {
  redirectUrl = `${location.origin}/callback`
  clientMetadata = {
    client_name: 'A chat',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  state = () => (this.asked = crypto.randomUUID())
  clientInformation = () => this.client
  saveClientInformation = (client) => void (this.client = client)
  tokens = () => this.kept
  saveTokens = (tokens) => void (this.kept = tokens)
  codeVerifier = () => this.verifier
  saveCodeVerifier = (verifier) => void (this.verifier = verifier)
  redirectToAuthorization = (url) => void (this.wanted = url.href)
  discoveryState = () => this.discovered
  saveDiscoveryState = (state) => void (this.discovered = state)
}

const memory = new Memory()
let transport, client

/** Does something, and once more each time the person was asked for what it needs. */
async function persist(action) {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
      await transport.finishAuth(await thePerson())
    }
  }
}

/** Asks the person: a link, as a browser would block a window. */
function thePerson() {
  const link = Object.assign(document.createElement('a'), { href: memory.wanted, target: '_blank', textContent: 'Give permission' })
  element('ask').replaceChildren(link)
  return new Promise((resolve) => {
    said.onmessage = ({ data }) => {
      const answer = new URLSearchParams(data)
      if (answer.get('state') !== memory.asked) return
      element('ask').replaceChildren()
      resolve(answer)
    }
  })
}

async function connect() {
  const open = async () => {
    transport = new StreamableHTTPClientTransport(new URL(mcp), { authProvider: memory })
    client = new Client({ name: 'A chat', version: '1.0' }, {
      capabilities: { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [RESOURCE_MIME_TYPE] } } },
      versionNegotiation: { mode: { pin: '2026-07-28' } },
    })
    await client.connect(transport)
  }
  await persist(open)
}

const server = {
  call: (name, args) => persist(() => client.callTool({ name, arguments: args })),
  read: (uri) => persist(() => client.readResource({ uri })),
  list: async () => {
    const all = []
    for (let cursor; ; ) {
      const page = await client.listTools(cursor ? { cursor } : undefined)
      all.push(...page.tools)
      if (!(cursor = page.nextCursor)) return all
    }
  },
}

/** What the chat lets widgets know, and what it learned of them. */
export const chat = {
  theme: 'light',
  palette: undefined, // colours of its own, by the names of MCP Apps
  messages: [], // that widgets sent
  links: [], // that widgets wanted opened
  model: undefined, // what a widget told the model
  kept: null, // what ChatGPT keeps for a widget
  held: Promise.resolve(), // what the calls of the chat itself wait for; where it fails, they are cancelled
  paused: Promise.resolve(), // what the calls of widgets wait for
  alter: (result) => result, // what becomes of a result on its way to the widget
  say(text) {
    chat.messages.push(text)
    element('card').after(Object.assign(document.createElement('p'), { className: 'said', textContent: text }))
  },
  faults: [], // what a real host would not have allowed
}

let stage // { result, tool, args, page, kept, id }
let shown // the bridge that is on

const hosts = { mcpapps: showAsMCPApps, chatgpt: showAsChatGPT }

/** Calls a tool and shows its page; host is mcpapps or chatgpt. */
async function show(host, name, args = {}) {
  if (!client) await connect()
  const tools = await server.list()
  const tool = tools.find((t) => t.name === name)
  const uri = host === 'mcpapps' ? getToolUiResourceUri(tool) : tool._meta['openai/outputTemplate']
  const { contents } = await server.read(uri)
  if (contents.length !== 1 || contents[0].mimeType !== RESOURCE_MIME_TYPE) throw new Error(`${uri} is not a page`)
  stage = { id: crypto.randomUUID(), host, tool, tools, args, page: contents[0], kept: null, answer: chat.held.then(() => server.call(name, args)).then(chat.alter) }
  stage.answer.catch(() => {}) // each host looks at it
  await again()
}

/** Shows the same once more, as a chat that is opened again does. */
async function again() {
  shown?.close()
  delete document.body.dataset.mode
  const frame = document.createElement('iframe')
  frame.title = stage.page.uri
  element('widget').replaceChildren(frame)
  element('card').classList.toggle('border', stage.page._meta?.ui?.prefersBorder === true)
  shown = await hosts[stage.host]({ frame, sandbox, stage, server, chat })
}

Object.assign(chat, {
  show,
  again,
  set(change) {
    Object.assign(chat, change)
    document.documentElement.style.colorScheme = chat.theme
    shown?.changed()
  },
})
window.chat = chat
