import { constants } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { memoryUsage } from 'node:process';
import { HeldReads } from '../../lib/core/front/held-reads.ts';
import { HINTS_EVERY_MS } from '../../lib/core/front/hint-reader.ts';
import { signNodeKey } from '../../lib/core/nodes/node-key.ts';
import { memoryStores } from '../../lib/memory/composition.ts';
import { LongPollService } from '../../lib/service/long-poll-service.ts';
import { roundTimer } from '../../lib/service/rounds.ts';
import { aNode } from '../../test/support/a-node.ts';
import { aHostQuery } from '../../test/support/builders.ts';
import { depsInMemory } from '../../test/support/memory-front.ts';
import { makeCertificate } from '../../workbench/local-aws/machine/certificate.ts';

/** What the served process tells its parent. */
export interface FromFront {
  readonly port: number;
  readonly ca: string;
  readonly keys: readonly string[];
  readonly cpuMicros: number;
  readonly bytes: number;
  readonly held: number;
  /** The longest wait of its event loop since the last message, ms. */
  readonly stalledMs: number;
}

/** `memory` collects garbage before it measures, `usage` does not. */
type FromParent = { readonly kind: 'usage' | 'memory' } | { readonly kind: 'queue'; readonly hosts: readonly string[] };

/** Signs the node keys of the benchmark, and enrolls agents. */
export const SECRET = 'a secret of the benchmark';
const secret = { values: async () => [SECRET], refreshed: async () => [SECRET] };

/** How the process is reached: as on one machine, or as behind a load balancer that ends TLS and keeps its connections. */
export type Carrier = 'tls' | 'alb';
/** The service, or a server of Node that does nothing but hold each read as long. */
export type Served = 'ours' | 'bare';

/** Serves one kind of front in a child process, as the environment says. */
export async function serve(hosts: number): Promise<void> {
  stalls.enable();
  const { SERVED, CARRIER } = process.env;
  if (SERVED === 'bare') await aBareFront(CARRIER as Carrier);
  else await aServedFront(hosts, CARRIER as Carrier);
}

/** The baseline: no keys, no table, no hints, no limits. TLS is set up as in the service. */
async function aBareFront(carrier: Carrier): Promise<void> {
  const tls = await makeCertificate(Date.now());
  const holdMs = Number(process.env.HOLD_MS);
  let held = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume().once('end', () => {
      held += 1;
      setTimeout(() => {
        held -= 1;
        if (carrier === 'tls') response.shouldKeepAlive = false;
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 14 }).end('{"queries":{}}');
      }, holdMs);
    });
  };
  const options = { key: tls.key, cert: tls.cert, secureOptions: constants.SSL_OP_NO_TICKET };
  const server =
    carrier === 'tls' ? createTlsServer(options, handle) : createServer({ keepAliveTimeout: 65_000 }, handle);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  process.on('message', ({ kind }: FromParent) => process.send?.(usageOf(held, kind)));
  process.send?.({ port: (server.address() as AddressInfo).port, ca: tls.cert, keys: [] });
}

const stalls = monitorEventLoopDelay({ resolution: 10 });

function usageOf(held: number, kind: FromParent['kind']) {
  if (kind === 'memory') globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const stalledMs = stalls.max / 1e6;
  stalls.reset();
  return { cpuMicros: user + system, bytes: memoryUsage().rss, held, stalledMs };
}

/** Serves enrolled hosts `h0`, `h1`, … from memory. The last host is for hostile clients that have a valid key. */
async function aServedFront(hosts: number, carrier: Carrier): Promise<void> {
  const stores = memoryStores(Date.now);
  const holdMs = Number(process.env.HOLD_MS);
  const keys: string[] = [];
  for (let n = 0; n <= hosts; n++) {
    const node = aNode(`h${n}`, { lastSeenMs: Date.now(), expiresAtMs: Date.now() + 86_400_000 });
    await stores.hosts.enroll(node, undefined);
    keys.push(signNodeKey({ host: node.host, epoch: node.epoch }, SECRET));
  }
  const tls = await makeCertificate(Date.now());
  const service = new LongPollService({
    deps: depsInMemory(stores, secret),
    hints: stores.hints,
    hintsEveryMs: HINTS_EVERY_MS,
    intervalSeconds: 1,
    reads: new HeldReads({
      now: Date.now,
      timer: roundTimer(Date.now),
      settings: { holdMs, leastHoldMs: Math.min(1_000, holdMs) },
    }),
    now: Date.now,
    limits: { connections: 50_000 },
    tls: carrier === 'tls' ? tls : undefined,
  });
  const port = await service.start(0, '127.0.0.1');
  process.on('SIGTERM', () => void service.stop().then(() => process.exit(0)));
  process.on('message', (message: FromParent) => {
    const tell = (): void => void process.send?.(usageOf(service.held, message.kind));
    if (message.kind !== 'queue') tell();
    else {
      const nowMs = Date.now();
      const queries = message.hosts.map((host) =>
        aHostQuery(nowMs, { host, queuedAtMs: nowMs, expiresAtMs: nowMs + 600_000 }),
      );
      void Promise.all(queries.map((query) => stores.hosts.enqueue(query))).then(tell);
    }
  });
  process.send?.({ port, ca: tls.cert, keys });
}
