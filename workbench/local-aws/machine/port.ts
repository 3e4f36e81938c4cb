import net from 'node:net';

import { LOOPBACK } from './listen-address.ts';

/**
 * Resolves with `port` if nothing listens on it; with any free port for 0. @throws an error with the code `EADDRINUSE`
 */
export function freePort(port = 0, host = LOOPBACK): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
