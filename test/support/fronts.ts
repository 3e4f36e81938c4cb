import type { Trust } from '../../lib/core/attest/trust.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { aLocalServer } from './local-server.ts';
import { aServiceServer } from './service-server.ts';
import { aTlsServer, type TlsHarness, type TlsServer } from './tls-server.ts';

type Start = (policy?: Policy | 'in the table', attestation?: Trust) => Promise<TlsHarness>;

const FUNCTION = 'the function behind a minimal front';
const SERVICE = 'the long-poll service';

/** The fronts whose clock and services a test controls. */
export const harnesses: readonly (readonly [name: string, start: Start, isLongPoll: boolean])[] = [
  [FUNCTION, aTlsServer, false],
  [SERVICE, aServiceServer, true],
];

/** The server with a new connection for each request, as osquery makes one. */
async function freshlyConnected(start: Start): Promise<TlsServer> {
  const server = await start();
  return { ...server, post: (path, body, options) => server.post(path, body, { agent: false, ...options }) };
}

/** The fronts that the wire tests run against. */
export const fronts: readonly (readonly [name: string, start: () => Promise<TlsServer>])[] = [
  [FUNCTION, () => freshlyConnected(aTlsServer)],
  [SERVICE, () => freshlyConnected(aServiceServer)],
  ['the synthesized template', aLocalServer],
];
