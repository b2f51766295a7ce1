import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { travel } from './sdk.mjs';

// The second argument says which generation of the protocol to speak.
const mode = process.argv[3] === 'modern' ? { pin: '2026-07-28' } : 'legacy';

travel({
  Client,
  Transport: StreamableHTTPClientTransport,
  options: { versionNegotiation: { mode } },
  isUnauthorized: (error) => error instanceof UnauthorizedError,
  finish: (transport, url) => transport.finishAuth(url.searchParams),
  version: (client) => client.getNegotiatedProtocolVersion(),
});
