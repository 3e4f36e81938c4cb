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

/** The fronts that the wire tests run against. */
export const fronts: readonly (readonly [name: string, start: () => Promise<TlsServer>])[] = [
  [FUNCTION, aTlsServer],
  [SERVICE, aServiceServer],
  ['the synthesized template', aLocalServer],
];
