import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoCampaigns } from '../../aws/campaigns/campaigns.ts';
import { DynamoFleetIssues } from '../../aws/fleet/fleet-issues.ts';
import { DynamoLedger } from '../../aws/ledger/ledger.ts';
import { DynamoLedgerIndex } from '../../aws/ledger/ledger-index.ts';
import { DynamoNodeDirectory } from '../../aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../aws/nodes/node-registry.ts';
import { DynamoPolicyStore } from '../../aws/policy/policy-store.ts';
import { DynamoSweepProgress } from '../../aws/reconcile/progress.ts';
import { openTable, type Table, withHints } from '../../aws/table/table.ts';
import type { Campaigns } from '../../core/campaigns/campaign.ts';
import type { ClusterMembers } from '../../core/fleet/agent-scope.ts';
import type { FleetIssues } from '../../core/fleet/fleet-issue.ts';
import type { SweepState } from '../../core/inventory/inventory.ts';
import type { WorkloadReader } from '../../core/ledger/ledger.ts';
import type { LedgerIndex } from '../../core/ledger/ledger-index.ts';
import type { NodeDirectory } from '../../core/nodes/directory.ts';
import type { Aliases, NodeRegistry } from '../../core/nodes/registry.ts';
import type { PolicyStore, PolicyVersion } from '../../core/policy/policy.ts';
import { CommandError } from '../errors/command-error.ts';
import { note, patiently } from '../terminal/print.ts';
import { type DeploymentFlags, nameOf, pasted } from './deployment-flags.ts';
import { explained } from './explained.ts';
import {
  type LocalFront,
  openStopped,
  type ReadyFile,
  readyIn,
  readyReader,
  type StoppedTable,
  type StoppedTables,
  startsLocally,
} from './local-mayfly.ts';

/** The Mayfly that a command reads or changes. */
export interface Deployment {
  /** Its name in messages, such as `the stack Mayfly`. */
  readonly name: string;
  /** The flags that choose it, for commands in messages, such as ` --stack Mayfly`. */
  readonly chosen: string;
  readonly store: PolicyStore;
  readonly directory: NodeDirectory;
  readonly registry: NodeRegistry;
  readonly aliases: Aliases;
  readonly campaigns: Campaigns;
  readonly ledgerIndex: LedgerIndex;
  readonly ledger: WorkloadReader;
  /** How long its ledger keeps a workload after the last event or sweep that reported it. */
  readonly keptForMs: () => Promise<number>;
  readonly fleetIssues: FleetIssues;
  readonly sweeps: { readonly read: () => Promise<SweepState> };
  /** The instances of an ECS cluster, according to ECS. @default - a local Mayfly, which has the ledger alone */
  readonly membersOf?: ClusterMembers;
  /** Its table; undefined for one in memory. */
  readonly table?: Table;
}

/**
 * Opens the Mayfly that the flags name, calls `work` with it, and closes it.
 *
 * @param follows whether the work shows its own progress. @default - after two seconds a note says what the command waits for
 * @throws with the next step to take, when it cannot be reached
 * @example const live = await withDeployment(flags, ({ store }) => store.current());
 */
export async function withDeployment<T>(
  flags: DeploymentFlags,
  work: (deployment: Deployment) => Promise<T>,
  follows?: 'follows',
): Promise<T> {
  const { deployment, close } = await openDeployment(flags);
  try {
    return await (follows ? work(deployment) : patiently(`Waiting for ${deployment.name}`, work(deployment)));
  } catch (error) {
    throw explained(error, deployment.name, flags);
  } finally {
    await close();
  }
}

/**
 * Opens the Mayfly that the flags name.
 *
 * @param stopped how to open the table of a stopped local Mayfly. A copy, which is only read, lets one start there meanwhile, and
 *   from then on its table is used.
 */
export async function openDeployment(
  flags: DeploymentFlags,
  stopped: keyof StoppedTables = 'open',
): Promise<{ readonly deployment: Deployment; readonly close: () => Promise<void> }> {
  const { name, table, client, front, close } = await patiently('Looking up the table', whereIs(flags, stopped));
  const store = new DynamoPolicyStore(openTable(table, client));
  const sweeps = new DynamoSweepProgress(openTable(table, client));
  // The deployment writes the built-in policy into an empty table.
  const keptForMs = async () => ((await store.current())?.policy ?? (await builtInPolicy())).ledgerKeepsSeconds * 1000;
  return {
    deployment: {
      name,
      chosen: pasted(flags),
      store,
      keptForMs,
      // A revoked node may have a held read: the hint ends it. Where no front reads hints, it expires.
      registry: new DynamoNodeRegistry(withHints(openTable(table, client), Date.now)),
      aliases: new DynamoAliases(openTable(table, client)),
      campaigns: new DynamoCampaigns(openTable(table, client)),
      directory: new DynamoNodeDirectory(openTable(table, client), Date.now),
      ledgerIndex: new DynamoLedgerIndex(openTable(table, client), keptForMs),
      ledger: new DynamoLedger(openTable(table, client), keptForMs),
      fleetIssues: new DynamoFleetIssues(openTable(table, client)),
      sweeps: front ? sweepsBehind(front, sweeps) : sweeps,
      membersOf: flags.stack || flags.table ? membersInEcs : undefined,
      table: openTable(table, client),
    },
    close: async () => {
      client.destroy();
      await close?.();
    },
  };
}

/** The state of sweeps with the front of the last start, which a sweep records only up to a minute later. */
const sweepsBehind = ({ heldEverySeconds }: LocalFront, sweeps: Deployment['sweeps']): Deployment['sweeps'] => ({
  read: async () => ({ ...(await sweeps.read()), heldEverySeconds }),
});

/** Loads the ECS client, which only queries about a cluster need. */
const membersInEcs: ClusterMembers = async (cluster) => {
  const [{ ECSClient }, { clusterMembers }, { unmetered }] = await Promise.all([
    import('@aws-sdk/client-ecs'),
    import('../../aws/inventory/cluster-members.ts'),
    import('../../aws/calls/metered.ts'),
  ]);
  const client = new ECSClient({});
  return clusterMembers(client, unmetered)(cluster).finally(() => client.destroy());
};

/** The live version. @throws when there is none yet */
export async function livePolicyOf({ name, store }: Deployment): Promise<PolicyVersion> {
  const live = await store.current();
  if (!live)
    throw new CommandError('NOT_FOUND', `${name} has no policy`, {
      next: 'its deployment stores the default policy. Deploy it again, or push one yourself',
    });
  return live;
}

const builtInPolicy = async () =>
  (await import('../../../policy/built-in.json', { with: { type: 'json' } })).default.policy;

interface Where {
  readonly name: string;
  readonly table: string;
  readonly client: DynamoDBClient;
  /** Of a local Mayfly. */
  readonly front?: LocalFront;
  readonly close?: () => Promise<void>;
}

async function whereIs(flags: DeploymentFlags, stopped: keyof StoppedTables): Promise<Where> {
  if (flags.table) return { name: nameOf(flags), table: flags.table, client: new DynamoDBClient({}) };
  if (flags.stack) {
    const { namesInAws } = await import('./stack-names.ts'); // with a client of CloudFormation, for --stack alone
    const { table } = await namesInAws(flags);
    return { name: nameOf(flags), table, client: new DynamoDBClient({}) };
  }
  const ready = await readyIn(flags.data).catch((cause) => {
    const start = startsLocally() ? `start one with "npx mayfly local${pasted({ data: flags.data })}", or ` : '';
    const next = `${start}name one in AWS with --stack NAME or --table NAME`;
    throw new CommandError('NOT_RUNNING', `no Mayfly has run in ${flags.data}`, { next, cause });
  });
  const { embedded, tableName } = ready;
  const left = embedded ? await openStopped(flags.data, stopped) : undefined;
  if (left) note(`No Mayfly runs in ${flags.data} now: reading ${READ[stopped]} in its data folder.`);
  const settings = whereItRuns(flags.data, left && { ...left, before: ready });
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: settings.endpoint,
    credentials: settings.credentials,
  });
  return { name: nameOf(flags), table: tableName, client, front: ready.front, close: left?.close };
}

/** What is read of a stopped Mayfly, for messages. */
const READ: Readonly<Record<keyof StoppedTables, string>> = { open: 'the table', copy: 'a copy of the table' };

interface Left extends StoppedTable {
  /** Where the stopped Mayfly ran. */
  readonly before: ReadyFile;
}

/**
 * Finds the running Mayfly for each request: its port and its credentials change at each start.
 *
 * @param left the table that is used until a Mayfly starts
 */
function whereItRuns(data: string, left?: Left) {
  const lastReady = readyReader(data);
  const where = async () => {
    const ready = await lastReady();
    const hasStarted = !left || JSON.stringify(ready) !== JSON.stringify(left.before);
    return hasStarted ? ready : { dynamodb: left.endpoint, credentials: left.credentials };
  };
  return {
    endpoint: async () => ({ url: new URL((await where()).dynamodb) }),
    // The SDK keeps a credential that does not expire.
    credentials: async () => ({ ...(await where()).credentials, expiration: new Date() }),
  };
}
