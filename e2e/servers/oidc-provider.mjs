// The authorization server `oidc-provider`, as its documentation has it for MCP:
// resource indicators, registration, metadata documents. Its own development
// pages sign people in.
//
//	node oidc-provider.mjs PORT RESOURCE
import Provider from 'oidc-provider';

const [port, resource] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;
const server = new Provider(issuer, {
  clients: [{ client_id: 'mcp-server', client_secret: 'the-secret-of-the-mcp-server', token_endpoint_auth_method: 'client_secret_basic', redirect_uris: [], grant_types: [], response_types: [] }],
  cookies: { keys: ['one', 'two'] },
  scopes: ['openid', 'offline_access', 'read'],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  clientDefaults: { token_endpoint_auth_method: 'none' },
  features: {
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'read', audience: resource, accessTokenFormat: 'opaque', accessTokenTTL: 3600 }),
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  clientBasedCORS: () => true,
});
server.listen(Number(port), 'localhost');
