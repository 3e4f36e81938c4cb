import { describe } from '@jest/globals';
import { DynamoCampaigns } from '../../lib/aws/campaigns/campaigns.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet/fleet-issues.ts';
import { DynamoWakeHints } from '../../lib/aws/front/wake-hints.ts';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { DynamoNodeDirectory } from '../../lib/aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/nodes/node-registry.ts';
import { DynamoPolicyStore } from '../../lib/aws/policy/policy-store.ts';
import { DynamoFanOuts } from '../../lib/aws/queue/fan-outs.ts';
import { DynamoHostQueue } from '../../lib/aws/queue/host-queue.ts';
import { DynamoSweepProgress } from '../../lib/aws/reconcile/progress.ts';
import { DynamoStoredAnswers } from '../../lib/aws/results/stored-answers.ts';
import { DynamoStoredLogs } from '../../lib/aws/results/stored-logs.ts';
import { withHints } from '../../lib/aws/table/table.ts';
import type { Campaigns } from '../../lib/core/campaigns/campaign.ts';
import type { FleetIssues } from '../../lib/core/fleet/fleet-issue.ts';
import type { WakeHints } from '../../lib/core/front/wake-hints.ts';
import type { SweepProgress } from '../../lib/core/inventory/inventory.ts';
import type { Ledger } from '../../lib/core/ledger/ledger.ts';
import type { NodeDirectory } from '../../lib/core/nodes/directory.ts';
import type { Aliases, NodeRegistry, NodeState } from '../../lib/core/nodes/registry.ts';
import type { PolicyStore } from '../../lib/core/policy/policy.ts';
import type { FanOuts } from '../../lib/core/queue/fan-out.ts';
import type { HostQueue } from '../../lib/core/queue/host-queue.ts';
import type { StoredAnswers } from '../../lib/core/results/stored-answers.ts';
import type { StoredLogs } from '../../lib/core/results/stored-logs.ts';
import { memoryStores } from '../../lib/memory/composition.ts';
import { aTable } from '../support/dynamodb.ts';
import { T0 } from '../support/times.ts';

/** Every port that stores something, on one store, and a clock for those that read the time themselves. */
export interface Ports {
  readonly clock: { nowMs: number };
  readonly queue: HostQueue;
  readonly registry: NodeRegistry & NodeState;
  readonly aliases: Aliases;
  readonly directory: NodeDirectory;
  readonly ledger: Ledger;
  readonly storedAnswers: StoredAnswers;
  readonly storedLogs: StoredLogs;
  readonly fanOuts: FanOuts;
  readonly campaigns: Campaigns;
  readonly fleetIssues: FleetIssues;
  readonly progress: SweepProgress;
  readonly policies: PolicyStore;
  readonly hints: WakeHints;
}

async function inMemory(): Promise<Ports> {
  const clock = { nowMs: T0 };
  const { hosts, ...stores } = memoryStores(() => clock.nowMs);
  return { clock, queue: hosts, registry: hosts, ...stores };
}

/** On the embedded DynamoDB, in a table with the keys of the template. */
async function onDynamo(): Promise<Ports> {
  const clock = { nowMs: T0 };
  const table = withHints(await aTable(), () => clock.nowMs);
  return {
    clock,
    queue: new DynamoHostQueue(table),
    registry: new DynamoNodeRegistry(table),
    aliases: new DynamoAliases(table),
    directory: new DynamoNodeDirectory(table, () => clock.nowMs),
    ledger: new DynamoLedger(table),
    storedAnswers: new DynamoStoredAnswers(table),
    storedLogs: new DynamoStoredLogs(table),
    fanOuts: new DynamoFanOuts(table),
    campaigns: new DynamoCampaigns(table),
    fleetIssues: new DynamoFleetIssues(table),
    progress: new DynamoSweepProgress(table),
    policies: new DynamoPolicyStore(table),
    hints: new DynamoWakeHints(table),
  };
}

/** Runs a suite on both implementations of the ports; `begin` gives each test its own empty ports. */
export function contract(name: string, suite: (begin: () => Promise<Ports>) => void): void {
  describe(`${name} in memory`, () => suite(inMemory));
  describe(`${name} on DynamoDB`, () => suite(onDynamo));
}
