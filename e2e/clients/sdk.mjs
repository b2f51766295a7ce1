// The journey of a client that is built with one of the two official
// TypeScript SDKs: both have the same shape, and differ in what is passed in.

import { ask, journey, server, tell, visit } from './talk.mjs';

const redirect = 'http://127.0.0.1:33418/callback';

/** What the client keeps, as its makers tell it to: whatever it is given. */
class Memory {
  redirectUrl = redirect;
  clientMetadata = {
    client_name: 'Journey',
    redirect_uris: [redirect],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  };
  // The third argument, where there is one, is the client's metadata document.
  clientMetadataUrl = process.argv[4];
  asked = [];
  state = () => (this.lastState = crypto.randomUUID());
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.kept;
  saveTokens = (tokens) => void (this.kept = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  redirectToAuthorization = (url) => void this.asked.push(url);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (state) => void (this.discovered = state);
}

const text = (result) => result.content.map((c) => c.text).join('\n');

/**
 * sdk: { Client, Transport, isUnauthorized, finish(transport, url), options,
 * version(client, transport), forgets }. forgets: the SDK refreshes before it
 * steps up, so a host has to drop the refresh token first.
 */
export function travel(sdk) {
  journey(async () => {
    const memory = new Memory();
    let client, transport;

    const open = async () => {
      transport = new sdk.Transport(new URL(server), { authProvider: memory });
      client = new sdk.Client({ name: 'journey', version: '1' }, sdk.options);
      await client.connect(transport);
    };

    /** Does something, and once more after the person was asked. */
    const persist = async (action) => {
      try {
        return await action();
      } catch (error) {
        if (!sdk.isUnauthorized(error)) throw error;
        const back = await visit(memory.asked.at(-1));
        if (back.searchParams.get('state') !== memory.lastState) throw new Error('the state is another');
        await sdk.finish(transport, back);
        return await action();
      }
    };
    const call = (name, args = {}) => client.callTool({ name, arguments: args });

    await persist(open);
    tell('connected', { version: sdk.version(client, transport), scope: memory.kept.scope, registered: memory.client.client_id });
    tell('tools', (await client.listTools()).tools.map((tool) => tool.name));
    tell('echo', text(await call('echo', { text: 'grüß dich' })));
    tell('whoami', text(await call('whoami')));

    const before = memory.kept;
    memory.kept = { ...before, access_token: 'spoiled' };
    tell('whoami after refresh', text(await call('whoami')));
    tell('refreshed', {
      access: memory.kept.access_token !== before.access_token && memory.kept.access_token !== 'spoiled',
      refresh: memory.kept.refresh_token !== before.refresh_token,
      asked: memory.asked.length,
    });

    if (sdk.forgets) memory.kept = { ...memory.kept, refresh_token: undefined };
    const act = () => call('perform-item-action', { id: 'whoami', action: 'complete' });
    tell('acted', text(await persist(act)));
    tell('stepped up', { scope: memory.kept.scope, asked: memory.asked.length });

    await ask('restart');
    await open();
    tell('whoami after restart', text(await call('whoami')));
    tell('asked', memory.asked.length);
    await client.close();
  });
}
