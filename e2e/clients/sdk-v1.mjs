import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { travel } from './sdk.mjs';

travel({
  Client,
  Transport: StreamableHTTPClientTransport,
  isUnauthorized: (error) => error instanceof UnauthorizedError,
  finish: (transport, url) => transport.finishAuth(url.searchParams.get('code')),
  version: (_, transport) => transport.protocolVersion,
  forgets: true,
});
