import { beforeEach, describe, expect, it } from '@jest/globals';
import { HeldReads } from '../../../../lib/core/front/held-reads.ts';
import { HINTS_EVERY_MS, HintReader } from '../../../../lib/core/front/hint-reader.ts';
import type { Reply } from '../../../../lib/core/osquery/replies.ts';
import { RequestBody } from '../../../../lib/core/osquery/request-body.ts';
import type { TlsApi } from '../../../../lib/core/osquery/tls-api.ts';
import { keyOf } from '../../../../lib/core/queue/pending-query.ts';
import { type MemoryStores, memoryStores, tlsApi } from '../../../../lib/memory/composition.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { FakeSink } from '../../../support/fake-sink.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { SECOND, T0 } from '../../../support/times.ts';
import { aVirtualTimer } from '../../../support/virtual-timer.ts';

const SECRET = 'correct-horse-battery-staple';

interface Read {
  reply?: Record<string, unknown>;
  afterMs?: number;
}

/** One process of the long-poll front, on stores that it shares with others. */
class Process {
  readonly api: TlsApi;
  readonly reads: HeldReads<Reply>;
  readonly reader: HintReader;
  readonly #now: () => number;

  constructor(world: World, intervalSeconds: 0 | 1) {
    const { clock, timer, stores } = world;
    this.#now = () => clock.now();
    this.reads = new HeldReads<Reply>({ now: this.#now, timer });
    this.reader = new HintReader({ hints: stores.hints, reads: this.reads, now: this.#now });
    const around = { policy: inForce(), now: this.#now, report: () => undefined };
    this.api = tlsApi({ ...stores, sink: new FakeSink() }, around, SECRET, { reads: this.reads, intervalSeconds });
  }

  async post(path: string, body: Record<string, unknown>) {
    const reply = await this.api.answer({
      method: 'POST',
      path,
      body: RequestBody.of(Buffer.from(JSON.stringify(body))),
      timeLeftMs: () => 15_000,
      link: { onClosed: () => undefined },
    });
    return JSON.parse(reply.body) as Record<string, unknown>;
  }

  async enroll(host: string): Promise<string> {
    const { node_key: key } = await this.post('/enroll', { enroll_secret: SECRET, host_identifier: host });
    return String(key);
  }

  /** A distributed read, with its reply and how long it took as soon as it has one. */
  read(key: string): Read {
    const sinceMs = this.#now();
    const read: Read = {};
    void this.post('/distributed/read', { node_key: key }).then((reply) => {
      Object.assign(read, { reply, afterMs: this.#now() - sinceMs });
    });
    return read;
  }
}

class World {
  readonly #timing = aVirtualTimer(T0);
  readonly clock = this.#timing.clock;
  readonly timer = this.#timing.timer;
  readonly stores: MemoryStores = memoryStores(() => this.clock.now());
  readonly processes: Process[] = [];
  #hintsAtMs = T0;

  process(intervalSeconds: 0 | 1 = 1): Process {
    const process = new Process(this, intervalSeconds);
    this.processes.push(process);
    return process;
  }

  /** Lets time pass, in which every process reads the hints as often as in the service. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; ) {
      if (this.clock.now() >= this.#hintsAtMs) {
        for (const { reader } of this.processes) await reader.read();
        this.#hintsAtMs = this.clock.now() + HINTS_EVERY_MS;
      }
      const step = Math.min(left, this.#hintsAtMs - this.clock.now());
      await this.clock.advance(step);
      left -= step;
    }
  }

  /** An enrolled host without pending queries. */
  async host(name: string): Promise<string> {
    const key = await (this.processes[0] as Process).enroll(name);
    const { pending } = await this.stores.hosts.read(name);
    await this.stores.hosts.remove(pending.map(keyOf));
    await this.pass(6 * SECOND); // no hint is recent
    return key;
  }

  queue(n: number): Promise<void> {
    return this.stores.hosts.enqueue(aHostQuery(n, { queuedAtMs: this.clock.now(), expiresAtMs: T0 + 3_600_000 }));
  }
}

let world: World;
let one: Process;
let key: string;
beforeEach(async () => {
  world = new World();
  one = world.process();
  key = await world.host('h1');
});

const queriesOf = ({ reply }: Read): unknown[] => Object.values((reply?.queries ?? {}) as Record<string, unknown>);

describe('a held read', () => {
  it('is answered within a quarter of a second of the moment a query is queued', async () => {
    const read = one.read(key);
    await world.pass(5 * SECOND + 1); // the hints were just read, which is the longest wait
    expect(read).toEqual({});
    await world.queue(1);
    await world.pass(250);
    expect(queriesOf(read)).toEqual(['SELECT 1 FROM osquery_info']);
    expect(read.afterMs).toBeLessThanOrEqual(5_251);
  });

  it('gets an empty reply after 12 seconds', async () => {
    const read = one.read(key);
    await world.pass(12 * SECOND);
    expect(read).toEqual({ reply: { queries: {} }, afterMs: 12 * SECOND });
  });

  it.each([
    ['terminated', (nowMs: number) => world.stores.hosts.end('h1', nowMs)],
    ['revoked', (nowMs: number) => world.stores.hosts.revoke('h1', nowMs)],
  ])('of a %s node is answered node_invalid at once', async (_, end) => {
    const read = one.read(key);
    await world.pass(5 * SECOND);
    await end(world.clock.now());
    await world.pass(250);
    expect(read.reply).toEqual({ node_invalid: true });
    const later = one.read(key);
    await world.pass(200);
    expect(later.reply).toEqual({ node_invalid: true });
  });

  it('gets a query that moves to its host', async () => {
    const read = one.read(key);
    await world.pass(SECOND);
    await world.stores.hosts.enqueue(aHostQuery(2, { host: 'h1', alias: 'i-1', queuedAtMs: T0 - SECOND }));
    await world.pass(250);
    expect(queriesOf(read)).toHaveLength(1);
  });

  it('gets an unanswered query again when its lease ends', async () => {
    await world.queue(1);
    const first = one.read(key);
    await world.pass(200);
    expect(queriesOf(first)).toHaveLength(1);
    await world.pass(20 * SECOND);
    const again = one.read(key);
    await world.pass(9 * SECOND);
    expect(again).toEqual({});
    await world.pass(2 * SECOND);
    expect(queriesOf(again)).toHaveLength(1);
  });

  it('never tells the agent to accelerate, even on a hot host', async () => {
    await world.stores.hosts.accelerate('h1', world.clock.now() + 300 * SECOND);
    for (const n of [1, 2, 3, 4, 5]) await world.queue(n);
    const read = one.read(key);
    await world.pass(200);
    expect(queriesOf(read)).toHaveLength(3);
    expect(read.reply).not.toHaveProperty('accelerate');
  });
});

describe('two processes that hold the same host', () => {
  it('hand a delivery out once, and the other read ends so that its agent may ask again', async () => {
    const two = world.process();
    const reads = [one.read(key), two.read(key)];
    await world.pass(5 * SECOND);
    await world.queue(1);
    await world.pass(2 * SECOND);
    expect(reads.map((read) => queriesOf(read).length).sort()).toEqual([0, 1]);
    expect(reads.map(({ reply }) => reply === undefined)).toEqual([false, false]);
    expect((await world.stores.hosts.read('h1')).deliveries.map(({ offers }) => offers.length)).toEqual([1]);
  });

  it('give the queries to the agent if the other connection was dead', async () => {
    const two = world.process();
    const dead = two.read(key);
    await world.pass(SECOND);
    const living = one.read(key);
    await world.pass(SECOND);
    await two.reader.read();
    await world.queue(1);
    await two.reader.read(); // this process is first
    await world.clock.settle();
    expect(queriesOf(dead)).toHaveLength(1);
    await world.pass(SECOND);
    expect(living.reply).toEqual({ queries: {} });
    await world.pass(SECOND); // the agent's interval
    const again = one.read(key);
    await world.pass(200);
    expect(queriesOf(again)).toHaveLength(1);
  });
});

describe('the configuration of an agent behind the long-poll front', () => {
  it.each([1, 0] as const)('makes it poll every %d seconds, whatever its profile says', async (seconds) => {
    const config = await world.process(seconds).post('/config', { node_key: key });
    expect(config.options).toMatchObject({ distributed_interval: seconds });
  });
});
