// A server of `fastmcp` with its own OAuth proxy in front of an authorization
// server upstream.
//
//	node fastmcp.mjs PORT UPSTREAM
import { FastMCP, OAuthProvider, requireAuth } from 'fastmcp';

const [port, upstream] = process.argv.slice(2);
const server = new FastMCP({
  name: 'fastmcp', version: '1.0.0',
  auth: new OAuthProvider({
    authorizationEndpoint: `${upstream}/authorize`, tokenEndpoint: `${upstream}/token`,
    baseUrl: `http://localhost:${port}`, clientId: 'upstream-client', clientSecret: 'upstream-secret', scopes: ['openid'],
  }),
});
server.addTool({ name: 'hello', description: 'Says hello', canAccess: requireAuth, execute: async () => 'hello' });
await server.start({ transportType: 'httpStream', httpStream: { port: Number(port), host: 'localhost' } });
