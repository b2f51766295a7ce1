// A page that is an MCP client: the hook of use-mcp, and nothing around it. It
// signs in where it is, not in a second window, and comes back by another path.
import { createElement as h, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { onMcpAuthorization } from 'use-mcp'
import { useMcp } from 'use-mcp/react'

// It asks for its window twice, and only the last request can be redeemed.
let wanted
window.open = (url) => {
  wanted = url
  return window
}

function App() {
  const mcp = useMcp({
    url: document.body.dataset.mcp, clientName: 'A page', transportType: 'http',
    autoRetry: false, autoReconnect: false,
  })
  const [said, say] = useState('')
  useEffect(() => {
    if (mcp.state !== 'ready') return
    mcp.callTool('whoami', {}).then((r) => say(r.content[0].text), (e) => say(String(e)))
  }, [mcp.state])
  return h('main', null,
    h('p', null, mcp.state, ' ', mcp.error),
    mcp.log.some((l) => l.message.includes('Waiting for callback')) && h('a', { href: wanted }, 'Connect'),
    h('ul', null, mcp.tools.map((t) => h('li', { key: t.name }, t.name))),
    h('p', null, said))
}

if (location.pathname === '/oauth/callback') {
  onMcpAuthorization()
} else {
  createRoot(document.getElementById('root')).render(h(App))
}
