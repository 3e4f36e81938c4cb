import { DynamoWakeHints } from '../../lib/aws/front/wake-hints.ts';
import { openTable } from '../../lib/aws/table/table.ts';
import { NO_TRUST, type Trust } from '../../lib/core/attest/trust.ts';
import { HeldReads } from '../../lib/core/front/held-reads.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { LongPollService } from '../../lib/service/long-poll-service.ts';
import { roundTimer } from '../../lib/service/rounds.ts';
import { dynamodb } from './dynamodb.ts';
import { plainPolicy } from './plain-policy.ts';
import { aTlsServer, type Carried, type Parts, type TlsHarness } from './tls-server.ts';

/** A process of the long-poll front, with short holds. Its clock is the harness's, and flows. */
async function behindService({ deps, tls, table }: Parts): Promise<Carried> {
  const startedAtMs = performance.now();
  const now = (): number => deps.now() + performance.now() - startedAtMs;
  const client = dynamodb(); // of its own, as in the process: the harness's client counts calls, and fails on demand
  const service = new LongPollService({
    deps,
    hints: new DynamoWakeHints(openTable(table.name, client)),
    intervalSeconds: 1,
    tls,
    reads: new HeldReads({ now, timer: roundTimer(Date.now), settings: { holdMs: 60, leastHoldMs: 20 } }),
    now,
    hintsEveryMs: 10,
  });
  const port = await service.start(0, '127.0.0.1');
  return {
    port,
    close: async () => {
      await service.stop();
      client.destroy();
    },
  };
}

/** Starts a new process of the long-poll front on a new table. The caller must close it. */
export const aServiceServer = (
  policy: Policy | 'in the table' = plainPolicy,
  attestation: Trust = NO_TRUST,
): Promise<TlsHarness> => aTlsServer(policy, attestation, behindService);
