import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The embedded DynamoDB behind a proxy that can refuse calls or leave them unanswered. */
export interface FlakyDynamodb {
  readonly endpoint: string;
  mood: 'well' | 'refusing' | 'silent';
  close(): Promise<void>;
}

export async function aFlakyDynamodb(): Promise<FlakyDynamodb> {
  const behind = process.env.TEST_DYNAMODB_ENDPOINT ?? '';
  const door: Pick<FlakyDynamodb, 'mood'> = { mood: 'well' };
  const server = createServer((incoming, outgoing) => {
    if (door.mood === 'silent') return;
    if (door.mood === 'refusing') {
      outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      outgoing.end('{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"no"}');
      return;
    }
    const { host: _, ...headers } = incoming.headers;
    const forward = request(behind, { method: incoming.method, path: incoming.url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    forward.on('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(door, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
