import type { RotatingSecret } from '../../lib/core/nodes/rotating-secret.ts';
import type { TlsApiDeps } from '../../lib/core/osquery/deps.ts';
import type { memoryStores } from '../../lib/memory/composition.ts';
import { FakeSink } from './fake-sink.ts';
import { inForce } from './plain-policy.ts';

/** What the TLS API needs, on stores in memory and the real clock. `secret` signs node keys and enrolls agents. */
export const depsInMemory = (stores: ReturnType<typeof memoryStores>, secret: RotatingSecret): TlsApiDeps => ({
  ...stores,
  queue: stores.hosts,
  registry: stores.hosts,
  sink: new FakeSink(),
  enrollSecrets: new Map([['default', secret]]),
  nodeKeySecret: secret,
  policy: inForce(),
  sweepEveryMs: 60_000,
  now: Date.now,
  report: () => undefined,
});
