import { setTimeout as sleep } from 'node:timers/promises';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { metered } from '../../lib/aws/calls/metered.ts';
import { LONG_TIMEOUTS } from '../../lib/aws/calls/timeouts.ts';
import { ruleDeps } from '../../lib/aws/event-function.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet/fleet-issues.ts';
import { clusterMembers } from '../../lib/aws/inventory/cluster-members.ts';
import { Ec2Inventory } from '../../lib/aws/inventory/ec2-inventory.ts';
import { EcsInventory } from '../../lib/aws/inventory/ecs-inventory.ts';
import { BusCoverageEvents } from '../../lib/aws/ledger/coverage-events.ts';
import { DynamoLedgerIndex } from '../../lib/aws/ledger/ledger-index.ts';
import { DynamoSettledSpans } from '../../lib/aws/ledger/settled-spans.ts';
import { DynamoReviewProgress, DynamoSweepProgress } from '../../lib/aws/reconcile/progress.ts';
import { tableIn } from '../../lib/aws/table/table.ts';
import { heldEverySecondsIn } from '../../lib/aws/table/table-env.ts';
import { ExpectedInstances } from '../../lib/core/fleet/agent-scope.ts';
import { InstanceNodes } from '../../lib/core/fleet/instance-nodes.ts';
import { Spend } from '../../lib/core/reconcile/spend.ts';
import { UpToDate } from '../../lib/core/reconcile/up-to-date.ts';
import { readEnv, scopeIn } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnv(process.env);
const table = tableIn(env);
const spend = new Spend(Date.now, sleep);
// One retry: every try counts against the account's rate limit, which other tools share, and the next sweep is a minute away.
const ecs = new ECSClient({ maxAttempts: 2, ...LONG_TIMEOUTS });
const aboutTasks = metered(spend, 'tasks');
const heldEverySeconds = heldEverySecondsIn(env);
const scope = scopeIn(env);
const deps = ruleDeps(table, heldEverySeconds, {
  client: ecs,
  tasks: aboutTasks,
  definitions: metered(spend, 'definitions'),
});
const sweeping = {
  ...deps,
  tasks: new EcsInventory(ecs, aboutTasks),
  instances: new Ec2Inventory(new EC2Client({ maxAttempts: 2, ...LONG_TIMEOUTS }), metered(spend)),
  progress: new DynamoSweepProgress(table, {
    everyMs: env.SWEEP_EVERY_SECONDS * 1000,
    heldEverySeconds,
    expectAgents: env.EXPECT_AGENTS,
  }),
  fleetIssues: new DynamoFleetIssues(table),
  nodes: new InstanceNodes(deps.directory, deps.aliases, Date.now),
  spend,
  settled: new UpToDate(),
  noAgentAfterMs: env.NO_AGENT_AFTER_SECONDS * 1000,
  expected: scope && new ExpectedInstances(scope, clusterMembers(ecs, aboutTasks), Date.now),
};
const reviewing = {
  ledgerIndex: new DynamoLedgerIndex(table),
  ledger: deps.ledger,
  spans: new DynamoSettledSpans(table),
  events: new BusCoverageEvents(env.BUS_NAME),
  progress: new DynamoReviewProgress(table),
  now: Date.now,
  report: deps.report,
};
export const handler = createHandler(sweeping, reviewing);
