// The journey of a strict OAuth client that knows nothing of MCP: every answer
// is checked by oauth4webapi against the standards it implements, access tokens
// included (RFC 9068).

import * as oauth from 'oauth4webapi';
import { ask, journey, server, tell, visit } from './talk.mjs';

const method = process.argv[3];
const redirect = 'http://127.0.0.1:33418/callback';
const plain = { [oauth.allowInsecureRequests]: true };

const authentication = (client) =>
  ({
    none: () => oauth.None(),
    client_secret_basic: () => oauth.ClientSecretBasic(client.client_secret),
    client_secret_post: () => oauth.ClientSecretPost(client.client_secret),
  })[method]();

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'oauth4webapi', version: '1' },
};

/** Calls a tool with nothing but HTTP. */
async function post(token, name, args = {}) {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta: meta } };
  return fetch(server, {
    method: 'POST',
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'tools/call',
      'Mcp-Name': name,
    },
    body: JSON.stringify(body),
  });
}

async function text(response) {
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${body}`);
  const data = body.startsWith('{') ? body : body.match(/^data: ?(\{.*)$/m)[1];
  const message = JSON.parse(data);
  if (message.error || message.result.isError) throw new Error(data);
  return message.result.content.map((c) => c.text).join('\n');
}

/** What a challenge says: { status, error, scope, resource_metadata, … }. RFC 6750 §3. */
async function challenge(response) {
  const header = response.headers.get('WWW-Authenticate');
  if (!header) throw new Error(`no challenge: ${response.status} ${await response.text()}`);
  const said = Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1], m[2]]));
  return { status: response.status, ...said };
}

journey(async () => {
  const bare = await challenge(await post(undefined, 'whoami'));
  tell('without a token', bare);

  const resource = await oauth.processResourceDiscoveryResponse(
    new URL(server),
    await oauth.resourceDiscoveryRequest(new URL(server), plain),
  );
  const linked = await (await fetch(bare.resource_metadata)).json();
  if (linked.resource !== resource.resource) throw new Error('the challenge leads to other metadata');

  const issuer = new URL(resource.authorization_servers[0]);
  const discover = async (algorithm) =>
    oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...plain }));
  await discover('oidc');
  const as = await discover('oauth2');

  const client = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(
      as,
      {
        client_name: 'Strict',
        redirect_uris: [redirect],
        token_endpoint_auth_method: method,
        grant_types: ['authorization_code', 'refresh_token'],
      },
      plain,
    ),
  );
  tell('registered', { method: client.token_endpoint_auth_method, secret: 'client_secret' in client });

  const request = async (scope) => {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(as.authorization_endpoint);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: redirect,
      state,
      scope,
      resource: resource.resource,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { verifier, state, url };
  };
  /** Authorizes and redeems. */
  const authorize = async (scope) => {
    const { verifier, state, url } = await request(scope);
    const parameters = oauth.validateAuthResponse(as, client, await visit(url), state);
    return oauth.processAuthorizationCodeResponse(
      as,
      client,
      await oauth.authorizationCodeGrantRequest(as, client, authentication(client), parameters, redirect, verifier, {
        additionalParameters: { resource: resource.resource },
        ...plain,
      }),
    );
  };

  const no = await request('demo:read');
  try {
    oauth.validateAuthResponse(as, client, new URL(await ask('visit and deny', String(no.url))), no.state);
  } catch (error) {
    tell('denied', error.error);
  }

  let tokens = await authorize(bare.scope);
  tell('tokens', {
    type: tokens.token_type,
    lasts: tokens.expires_in,
    scope: tokens.scope,
    refresh: 'refresh_token' in tokens,
  });
  tell('whoami', await text(await post(tokens.access_token, 'whoami')));
  const claims = await oauth.validateJwtAccessToken(
    as,
    new Request(server, { headers: { Authorization: `Bearer ${tokens.access_token}` } }),
    resource.resource,
    plain,
  );
  tell('claims', { claims, client: client.client_id });

  const refresh = async (token) =>
    oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, authentication(client), token, plain),
    );
  const next = await refresh(tokens.refresh_token);
  const again = await refresh(tokens.refresh_token);
  tell('refreshed twice with one token', {
    rotated: next.refresh_token !== tokens.refresh_token,
    same: next.refresh_token === again.refresh_token,
  });
  tokens = next;

  const act = () => post(tokens.access_token, 'perform-item-action', { id: 'whoami', action: 'complete' });
  const refused = await challenge(await act());
  tell('without the scope', refused);
  tokens = await authorize([...new Set(`${tokens.scope} ${refused.scope}`.split(' '))].join(' '));
  tell('acted', await text(await act()));

  await ask('restart');
  tell('whoami after restart', await text(await post(tokens.access_token, 'whoami')));
  tokens = await refresh(tokens.refresh_token);

  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, authentication(client), tokens.refresh_token, plain),
  );
  try {
    await refresh(tokens.refresh_token);
  } catch (error) {
    tell('refresh after revocation', { error: error.error, status: error.status });
  }
  tell('call after revocation', await challenge(await post(tokens.access_token, 'whoami')));
});
