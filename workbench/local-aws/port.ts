import net from 'node:net';

/**
 * Resolves with `port` if nothing listens on it; with any free port for 0. @throws an error with the code `EADDRINUSE`
 */
export function freePort(port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
