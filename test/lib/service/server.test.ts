import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentRequest } from '../../../lib/core/osquery/agent-request.ts';
import { accepted, type Reply, work } from '../../../lib/core/osquery/replies.ts';
import { HEALTH_PATH, type ServiceOptions, ServiceServer } from '../../../lib/service/server.ts';
import { classify } from '../../../workbench/world/osquery/classify.ts';
import { theCertificate } from '../../support/certificate.ts';

const idle = work([], undefined);
const open: Socket[] = [];
let server: ServiceServer | undefined;

/** A server whose API is this function. @returns its port */
async function serve(answer: (request: AgentRequest) => Promise<Reply>, more: Partial<ServiceOptions> = {}) {
  server = new ServiceServer({ answer, now: Date.now, report: () => undefined, ...more });
  return server.listen(0, '127.0.0.1');
}

/** A connection, and what came back on it. */
async function dial(port: number): Promise<{ socket: Socket; heard: () => string; closed: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  open.push(socket);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined); // a reset is one way to close
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('end', () => socket.end());
  await once(socket, 'connect');
  return { socket, heard: () => text, closed };
}

const post = (path: string, body: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Sends one request and reads its whole reply. */
async function ask(port: number, text: string | Buffer): Promise<{ head: string; body: string }> {
  const { socket, heard } = await dial(port);
  socket.write(text);
  const parts = (): string[] => heard().split('\r\n\r\n');
  const length = (): number => Number(/Content-Length: (\d+)/.exec(heard())?.[1] ?? Infinity);
  await until(() => (parts()[1] ?? '').length >= length());
  const [head = '', body = ''] = parts();
  return { head, body };
}

/** Resolves when something becomes true, which is a matter of milliseconds. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await pause(1);
}

afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await server?.stop(0);
});

describe('a request', () => {
  it('reaches the API with method, path, header, body and time, and its reply comes back', async () => {
    const requests: AgentRequest[] = [];
    const port = await serve(async (request) => {
      requests.push(request);
      return accepted;
    });
    const { head, body } = await ask(port, post('/v1/log?x=1', '{"a":1}', 'Authorization: NodeKey k\r\n'));
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Type: application\/json\r\nContent-Length: 2/);
    expect(body).toBe('{}');
    const [{ method, path, authorization, body: sent, timeLeftMs } = {} as AgentRequest] = requests;
    expect([method, path, authorization, sent.bytes.toString()]).toEqual([
      'POST',
      '/v1/log?x=1',
      'NodeKey k',
      '{"a":1}',
    ]);
    expect(timeLeftMs()).toBeGreaterThan(13_000);
    expect(timeLeftMs()).toBeLessThanOrEqual(14_000);
  });

  it('for the health of the process needs no agent, and fails as soon as the process stops', async () => {
    const port = await serve(async () => idle);
    const get = `GET ${HEALTH_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const { socket, heard } = await dial(port);
    socket.write(get.slice(0, 10));
    expect((await ask(port, get)).body).toBe('ok');
    const stopped = server?.stop(5_000);
    socket.write(get.slice(10)); // begun before the stop, so its connection is still open
    await until(() => heard().includes('stopping'));
    expect(heard()).toMatch(/^HTTP\/1.1 503 /);
    await stopped;
    expect(server?.takeCounts().requests).toBe(0);
  });
});

describe('a client that misbehaves', () => {
  it('and sends a second request before the first reply loses its connection, and costs one look', async () => {
    let looks = 0;
    const port = await serve(() => {
      looks += 1;
      return new Promise(() => undefined);
    });
    const { socket, closed } = await dial(port);
    socket.write(post('/read', '{}').repeat(1_000));
    await closed;
    expect(looks).toBeLessThanOrEqual(1);
  });

  it('and closes its half of the connection ends its hold', async () => {
    let hungUp = false;
    const port = await serve(async ({ link }) => {
      await new Promise<void>((resolve) => link?.onClosed(resolve));
      hungUp = true;
      return idle;
    });
    const { socket } = await dial(port);
    socket.end(post('/read', '{}'));
    await until(() => hungUp);
  });

  it('and vanishes ends its hold', async () => {
    let hungUp = false;
    const port = await serve(async ({ link }) => {
      await new Promise<void>((resolve) => link?.onClosed(resolve));
      hungUp = true;
      return idle;
    });
    const { socket } = await dial(port);
    socket.write(post('/read', '{}'));
    await pause(20);
    socket.resetAndDestroy();
    await until(() => hungUp);
  });

  it.each([
    ['what is not HTTP', 'hello there\r\n\r\n'],
    ['too many headers', `POST /log HTTP/1.1\r\n${'a: b\r\n'.repeat(9_000)}\r\n`],
  ])('and sends %s gets text that no agent takes for success', async (_, text) => {
    const port = await serve(async () => accepted);
    const { body } = await ask(port, text);
    expect(classify(Buffer.from(body)).kind).toBe('fail');
  });

  it.each([
    ['no Host', 'Content-Length: 2\r\n'],
    ['an expectation', 'Host: x\r\nContent-Length: 2\r\nExpect: a-miracle\r\n'],
  ])('and sends %s gets a reply of the API, and not an empty one of Node', async (_, headers) => {
    const port = await serve(async () => idle);
    const { body } = await ask(port, `POST /read HTTP/1.1\r\n${headers}\r\n{}`);
    expect(body).toBe('{"queries":{}}');
  });

  it('and opens many connections keeps a bounded number, which leaves room for others', async () => {
    const port = await serve(async () => idle, {
      tls: undefined,
      limits: { unprovenPerAddress: 3 },
    });
    const hold = post('/read', '{', 'X-Forwarded-For: 198.51.100.7\r\n').slice(0, -1); // the body never ends
    const crowd = await Promise.all(Array.from({ length: 10 }, () => dial(port)));
    for (const { socket } of crowd) socket.write(hold);
    await Promise.race(crowd.map(({ closed }) => closed));
    await until(() => server?.connections === 3);
    const { body } = await ask(port, post('/read', '{}', 'X-Forwarded-For: 198.51.100.7, 203.0.113.9\r\n'));
    expect(body).toBe('{"queries":{}}');
    expect(server?.takeCounts().refused).toBe(7);
  });

  it.each([
    ['of one address', { unprovenPerAddress: 3 }],
    ['in all', { connections: 3 }],
  ])('and opens too many TLS connections %s loses the rest before their handshakes begin', async (_, limits) => {
    const tls = await theCertificate();
    const port = await serve(async () => idle, { tls, limits });
    const crowd = Array.from({ length: 10 }, () =>
      connectSecurely({ port, host: '127.0.0.1', servername: 'localhost', ca: tls.cert }),
    );
    open.push(...crowd);
    for (const socket of crowd) socket.on('error', () => undefined);
    const isOver = (socket: TLSSocket): boolean => socket.closed || socket.authorized;
    await until(() => crowd.every(isOver));
    const [admitted, ...others] = crowd.filter(({ authorized }) => authorized);
    expect(others).toHaveLength(2);
    expect(crowd.filter(({ authorized, bytesRead }) => !authorized && bytesRead > 0)).toEqual([]);
    if (!admitted) throw new Error('no connection was admitted');
    admitted.write(post('/read', '{}'));
    const [reply] = await once(admitted, 'data');
    expect(String(reply)).toContain('{"queries":{}}');
  });

  it('does not count against its address once it has shown a valid key', async () => {
    const port = await serve(
      async ({ link }) => {
        link?.prove?.();
        await new Promise<void>((resolve) => link?.onClosed(resolve));
        return idle;
      },
      { limits: { unprovenPerAddress: 1 } },
    );
    for (let n = 1; n <= 5; n++) {
      const { socket } = await dial(port);
      socket.write(post('/read', '{}'));
      await pause(20);
    }
    expect(server?.connections).toBe(5);
    expect(server?.takeCounts().refused).toBe(0);
  });
});

describe('a body', () => {
  it('that is too large is read to its end and acknowledged, because its agent would send it forever', async () => {
    const port = await serve(async () => idle, { limits: { bodyBytes: 1_000, receivedBytes: 1_500 } });
    const { head, body } = await ask(port, post('/write', 'x'.repeat(200_000)));
    expect([head.slice(0, 12), body]).toEqual(['HTTP/1.1 413', '{}']);
    const whole = await ask(port, post('/write', 'x'.repeat(1_000)));
    expect(whole.body).toBe('{"queries":{}}');
    expect(server?.takeCounts().tooLarge).toBe(1);
  });

  it('of a read is small, whatever is sent', async () => {
    const port = await serve(async () => idle);
    const { body } = await ask(port, post('/read', 'x'.repeat(70_000)));
    expect(classify(Buffer.from(body)).kind).toBe('fail');
  });

  it('waits outside while others take all the memory for bodies, and its agent keeps its data', async () => {
    const port = await serve(async () => accepted, { limits: { receivedBytes: 100_000 } });
    const { socket } = await dial(port);
    socket.write(post('/log', 'x'.repeat(90_000)).slice(0, -1)); // stays incomplete
    await pause(50);
    const { body } = await ask(port, post('/log', 'y'.repeat(50_000)));
    expect(classify(Buffer.from(body)).kind).toBe('fail');
    socket.write('x');
    await pause(50);
    expect((await ask(port, post('/log', 'y'.repeat(50_000)))).body).toBe('{}');
  });

  it('is worked on when there is room, and gzip counts as large as it may become', async () => {
    let working = 0;
    let most = 0;
    const finish: (() => void)[] = [];
    const port = await serve(
      () => {
        working += 1;
        most = Math.max(most, working);
        return new Promise((resolve) =>
          finish.push(() => {
            working -= 1;
            resolve(accepted);
          }),
        );
      },
      { limits: { bodyBytes: 1_000_000, workedBytes: 2_000_000 } },
    );
    const bomb = '\x1f\x8b'.padEnd(2_000, 'x'); // as latin1 in a header-free request
    const request = Buffer.from(`POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n${bomb}`, 'latin1');
    const replies = Array.from({ length: 6 }, () => ask(port, request));
    for (let done = 0; done < 6; done++) {
      await until(() => finish.length > 0);
      await pause(10);
      finish.shift()?.();
    }
    for (const { head } of await Promise.all(replies)) expect(head).toContain('200 OK');
    expect(most).toBe(2);
  });

  it('leaves its room to others if answering it throws at once', async () => {
    let calls = 0;
    const port = await serve(
      () => {
        calls += 1;
        if (calls === 1) throw new Error('at once');
        return Promise.resolve(accepted);
      },
      { limits: { bodyBytes: 1_000_000, workedBytes: 1_000 } },
    );
    const { socket } = await dial(port);
    socket.write(post('/log', 'y'.repeat(1_000)));
    await until(() => socket.closed);
    expect((await ask(port, post('/log', 'y'.repeat(1_000)))).head).toContain('200 OK');
  });
});
