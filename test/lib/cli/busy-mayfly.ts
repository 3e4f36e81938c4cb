import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoCampaigns } from '../../../lib/aws/campaigns/campaigns.ts';
import { DynamoFleetIssues } from '../../../lib/aws/fleet/fleet-issues.ts';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy/policy-store.ts';
import { directoryEntryOf } from '../../../lib/core/nodes/directory.ts';
import { packed } from '../../../lib/core/results/lines.ts';
import type { CountedRun } from '../../../lib/cost/counted-run.ts';
import { NOTHING, unitsOf } from '../../../lib/cost/usage.ts';
import { aCampaign, aHostAnswer, CAMPAIGN } from '../../support/a-campaign.ts';
import { aLine } from '../../support/a-line.ts';
import { aVersion } from '../../support/a-policy.ts';
import { MINUTE, SECOND, T0 } from '../../support/times.ts';
import { enter, NOW } from './ledger/harness.ts';
import { aMayflyWithQueues } from './mayfly-with-queues.ts';

/**
 * A Mayfly with a seen and a missed task, a late answer, a row, nodes, a fleet issue, a campaign with a row and an error, a
 * dead letter, a log and a counted run.
 */
export async function aBusyMayfly() {
  const cared = await aMayflyWithQueues();
  const { world, data } = cared;
  await new DynamoPolicyStore(world.table).push(aVersion(1), 0);
  const hadUntil = { ip: '10.0.0.9', subnet: 'subnet-1' };
  await enter(world, 1, { seenLive: ['a', 'b'], firstAnswerAtMs: T0 + 5 * MINUTE, deliveredAtMs: T0 + SECOND });
  await enter(world, 2, { troubles: ['no-row'], identity: { cluster: 'prod', ...hadUntil } });
  const directory = new DynamoNodeDirectory(world.table, world.now);
  for (const host of ['web-1', 'web-2'])
    await directory.record(directoryEntryOf(await world.aNode(host, { hostname: host }), 'default'), NOW + 60 * MINUTE);
  const issues = new DynamoFleetIssues(world.table);
  await issues.record('no-agent', 'i-2', 'it never enrolled', NOW);
  await issues.record('identifier-shared', 'web-1', 'another agent lives', NOW);
  const campaigns = new DynamoCampaigns(world.table);
  await campaigns.begin(aCampaign({ askedAtMs: NOW - MINUTE, expiresAtMs: NOW + 60 * MINUTE }));
  await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
  const at = { answeredAtMs: NOW };
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [{ total_seconds: '1' }], at));
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h2', [], { ...at, status: 1, message: 'no such table' }));
  const results = join(data, 'results', 'results');
  await mkdir(results, { recursive: true });
  const line = aLine({ queuedAtMs: T0 });
  await writeFile(join(results, `${line.time.slice(0, 10)}.ndjson`), packed([line]).join(''));
  await writeFile(join(data, 'usage.json'), JSON.stringify(COUNTED));
  const logged = { timestamp: new Date().toISOString(), host: 'web-1' };
  cared.log({ message: 'node_enrolled', ...logged }, { message: 'queries_delivered', wireIds: [], ...logged });
  const letter = await cared.bury({ id: 'e', source: 'aws.ecs', 'detail-type': 'x', detail: { taskArn: 'arn:task' } });
  await cared.bury({ not: 'an event' });
  return { ...cared, letter };
}

const COUNTED: CountedRun = {
  ...{ startedAt: new Date(T0).toISOString(), seconds: 61.5, front: 'serverless', operations: { ...NOTHING, poll: 9 } },
  units: { ...unitsOf({ ...NOTHING, poll: 9 }), gbSeconds: 0.5 },
  ...{ functions: { TlsApi: { invocations: 9, gbSeconds: 0.5 } }, meanSeconds: { request: 0.1, batch: 0, sweep: 0 } },
  ...{ firehose: { requests: 2, gb: 0.001 }, busEvents: 3 },
};
