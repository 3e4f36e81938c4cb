import { aLocalServer } from './local-server.ts';
import { aTlsServer, type TlsServer } from './tls-server.ts';

/** The fronts that the wire tests run against. */
export const fronts: readonly (readonly [name: string, start: () => Promise<TlsServer>])[] = [
  ['the function behind a minimal front', aTlsServer],
  ['the synthesized template', aLocalServer],
];
