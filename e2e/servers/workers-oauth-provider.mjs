// `@cloudflare/workers-oauth-provider` with a consent page of the smallest kind
// and an MCP server of the official SDK behind it, outside Cloudflare: a map is
// its store.
//
//	node workers-oauth-provider.mjs PORT
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (name, context, next) => name === 'cloudflare:workers'
    ? { url: 'data:text/javascript,export class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env } }', shortCircuit: true }
    : next(name, context),
});
const { AuthorizationError, OAuthProvider } = await import('@cloudflare/workers-oauth-provider');
const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
const { WebStandardStreamableHTTPServerTransport } = await import('@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js');

const origin = `http://localhost:${process.argv[2]}`;
const kept = new Map();
const env = {
  OAUTH_KV: {
    get: async (key, how) => { const text = kept.get(key) ?? null; return (how?.type ?? how) === 'json' && text ? JSON.parse(text) : text; },
    put: async (key, text) => { kept.set(key, text); },
    delete: async (key) => { kept.delete(key); },
    list: async ({ prefix = '' } = {}) => ({ keys: [...kept.keys()].filter((k) => k.startsWith(prefix)).map((name) => ({ name })), list_complete: true }),
  },
};

const mcp = {
  async fetch(request) {
    const server = new McpServer({ name: 'workers', version: '1' });
    server.registerTool('whoami', { description: 'Says who calls' }, async () => ({ content: [{ type: 'text', text: 'ada' }] }));
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    return transport.handleRequest(request);
  },
};

const pages = {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== '/authorize') return new Response('Not found', { status: 404 });
    const oauth = env.OAUTH_PROVIDER;
    if (request.method === 'GET') {
      let asked;
      try {
        asked = await oauth.parseAuthRequest(request);
      } catch (error) {
        if (!(error instanceof AuthorizationError)) throw error;
        return error.redirectTo ? Response.redirect(error.redirectTo, 302) : new Response(error.message, { status: 400 });
      }
      const { clientName } = await oauth.describeConsent(asked);
      const consent = await oauth.beginConsent(asked);
      consent.headers.set('Content-Type', 'text/html; charset=utf-8');
      const name = clientName.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
      return new Response(`<!doctype html><title>Allow</title><h1>Allow ${name}?</h1><form method="post"><input type="hidden" name="handle" value="${consent.handle}"><button>Allow</button></form>`, { headers: consent.headers });
    }
    const approved = await oauth.approveConsent(request, String((await request.formData()).get('handle')));
    const { redirectTo } = await oauth.completeAuthorization({ request: approved.request, userId: 'ada', metadata: {}, scope: approved.request.scope, props: {} });
    approved.headers.set('Location', redirectTo);
    return new Response(null, { status: 302, headers: approved.headers });
  },
};

const door = new OAuthProvider({
  apiRoute: '/mcp', apiHandler: mcp, defaultHandler: pages,
  authorizeEndpoint: '/authorize', tokenEndpoint: '/token', clientRegistrationEndpoint: '/register',
  scopesSupported: ['read', 'offline_access'], requiredScopes: ['read'],
  resourceMetadata: { resource: `${origin}/mcp`, authorization_servers: [origin] },
});

createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const headers = Object.entries(req.headers).flatMap(([name, value]) => [value].flat().map((v) => [name, v]));
  const request = new Request(origin + req.url, { method: req.method, headers, body: chunks.length ? Buffer.concat(chunks) : undefined });
  const answer = await door.fetch(request, env, { waitUntil() {}, passThroughOnException() {}, props: {} });
  res.statusCode = answer.status;
  for (const [name, value] of answer.headers) res.appendHeader(name, value);
  res.end(Buffer.from(await answer.arrayBuffer()));
}).listen(Number(process.argv[2]), 'localhost');
