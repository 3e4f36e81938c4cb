import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HeldReads } from '../../../lib/core/front/held-reads.ts';
import { signNodeKey } from '../../../lib/core/nodes/node-key.ts';
import { memoryStores } from '../../../lib/memory/composition.ts';
import { LongPollService } from '../../../lib/service/long-poll-service.ts';
import { roundTimer } from '../../../lib/service/rounds.ts';
import { aNode } from '../../support/a-node.ts';
import { aHostQuery } from '../../support/builders.ts';
import { scaled } from '../../support/effort.ts';
import { depsInMemory } from '../../support/memory-front.ts';

const SECRET = 'signs node keys';
const secret = { values: async () => [SECRET], refreshed: async () => [SECRET] };

type Stores = ReturnType<typeof memoryStores>;

/** A process of the front on stores that outlive it, behind a load balancer that ends TLS. */
function aProcess(stores: Stores): LongPollService {
  return new LongPollService({
    deps: depsInMemory(stores, secret),
    reads: new HeldReads({ now: Date.now, timer: roundTimer(Date.now) }),
    now: Date.now,
    hints: stores.hints,
    intervalSeconds: 1,
    hintsEveryMs: 10,
  });
}

/** One read of a host on a connection of its own. @returns the body of the reply; undefined if there was none */
async function read(port: number, host: string, epoch: number): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  const body = JSON.stringify({ node_key: signNodeKey({ host, epoch }, SECRET) });
  socket.write(
    `POST /distributed/read HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return (await text(socket)).split('\r\n\r\n')[1];
}

describe('a process of the long-poll front', () => {
  const HOSTS = scaled(200);
  let stores: Stores;
  let epochs: readonly number[];
  let service: LongPollService;
  let port: number;
  beforeEach(async () => {
    stores = memoryStores(Date.now);
    const nodes = Array.from({ length: HOSTS }, (_, n) =>
      aNode(`h${n}`, { lastSeenMs: Date.now(), expiresAtMs: Date.now() + 86_400_000 }),
    );
    for (const node of nodes) await stores.hosts.enroll(node, undefined);
    epochs = nodes.map(({ epoch }) => epoch);
    service = aProcess(stores);
    port = await service.start(0, '127.0.0.1');
  });
  afterEach(() => service.stop());

  const queue = (host: string): Promise<void> => {
    const nowMs = Date.now();
    return stores.hosts.enqueue(aHostQuery(nowMs, { host, queuedAtMs: nowMs, expiresAtMs: nowMs + 600_000 }));
  };
  /** Resolves when all reads are held. */
  const held = async (): Promise<void> => {
    while (service.held < HOSTS) await new Promise((resolve) => setImmediate(resolve));
  };

  it('that is stopped answers every held read at once, and loses no query', async () => {
    const replies = epochs.map((epoch, n) => read(port, `h${n}`, epoch));
    await held();
    const startedAtMs = performance.now();
    await service.stop();
    expect(await Promise.all(replies)).toEqual(epochs.map(() => '{"queries":{}}'));
    expect(performance.now() - startedAtMs).toBeLessThan(15_000);

    await queue('h0');
    service = aProcess(stores);
    port = await service.start(0, '127.0.0.1');
    expect(await read(port, 'h0', epochs[0] ?? 0)).toContain('SELECT');
  });

  it('that ends between a claim and its reply loses no query: the agent asks another process, and gets it', async () => {
    const socket = connect(port, '127.0.0.1');
    const body = JSON.stringify({ node_key: signNodeKey({ host: 'h0', epoch: epochs[0] ?? 0 }, SECRET) });
    await queue('h0');
    socket
      .resume()
      .write(`POST /distributed/read HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    socket.on('error', () => undefined);
    // The reply is thrown away, as if the process had been killed before it was sent.
    await once(socket, 'data');
    socket.destroy();
    const other = aProcess(stores);
    const otherPort = await other.start(0, '127.0.0.1');
    expect(await read(otherPort, 'h0', epochs[0] ?? 0)).toContain('SELECT');
    await other.stop();
  });
});
