import { memoryUsage } from 'node:process';
import { signNodeKey } from '../../lib/core/nodes/node-key.ts';
import type { Report } from '../../lib/core/report.ts';
import { memoryStores } from '../../lib/memory/composition.ts';
import { LongPollService } from '../../lib/service/long-poll-service.ts';
import { aNode } from '../../test/support/a-node.ts';
import { aHostQuery } from '../../test/support/builders.ts';
import { FakeSink } from '../../test/support/fake-sink.ts';
import { inForce } from '../../test/support/plain-policy.ts';
import { makeCertificate } from '../../workbench/local-aws/certificate.ts';

/** What the served process tells its parent. */
export interface FromFront {
  readonly port: number;
  readonly ca: string;
  readonly keys: readonly string[];
  readonly cpuMicros: number;
  readonly bytes: number;
  readonly held: number;
}

type FromParent = { readonly kind: 'usage' } | { readonly kind: 'queue'; readonly host: number };

const SECRET = 'signs the node keys of the benchmark';
const secret = { values: async () => [SECRET], refreshed: async () => [SECRET] };

/** Serves enrolled hosts `h0`, `h1`, … from memory, in a child process of the benchmark. */
export async function aServedFront(hosts: number): Promise<void> {
  const stores = memoryStores(Date.now);
  const holdMs = Number(process.env.HOLD_MS);
  const keys: string[] = [];
  for (let n = 0; n < hosts; n++) {
    const node = aNode(`h${n}`, { lastSeenMs: Date.now(), expiresAtMs: Date.now() + 86_400_000 });
    await stores.hosts.enroll(node, undefined);
    keys.push(signNodeKey({ host: node.host, epoch: node.epoch }, SECRET));
  }
  const tls = await makeCertificate(Date.now());
  const report: Report = () => undefined;
  const service = new LongPollService({
    deps: {
      ...stores,
      queue: stores.hosts,
      registry: stores.hosts,
      sink: new FakeSink(),
      enrollSecrets: new Map([['default', secret]]),
      nodeKeySecret: secret,
      policy: inForce(),
      sweepEveryMs: 60_000,
      now: Date.now,
      report,
    },
    hints: stores.hints,
    intervalSeconds: 1,
    holds: { holdMs, leastHoldMs: Math.min(1_000, holdMs) },
    limits: { connections: 50_000 },
    tls,
  });
  const port = await service.start(0, '127.0.0.1');
  const usage = () => {
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    return { cpuMicros: user + system, bytes: memoryUsage().rss, held: service.held };
  };
  process.on('SIGTERM', () => void service.stop().then(() => process.exit(0)));
  process.on('message', (message: FromParent) => {
    if (message.kind === 'usage') process.send?.(usage());
    else {
      const nowMs = Date.now();
      const query = aHostQuery(nowMs, { host: `h${message.host}`, queuedAtMs: nowMs, expiresAtMs: nowMs + 600_000 });
      void stores.hosts.enqueue(query).then(() => process.send?.(usage()));
    }
  });
  process.send?.({ port, ca: tls.cert, keys });
}
