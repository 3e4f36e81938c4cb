import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { DynamoFleetIssues } from '../aws/fleet-issues.ts';
import { DynamoLedgerIndex } from '../aws/ledger-index.ts';
import { DynamoNodeDirectory } from '../aws/node-directory.ts';
import { DynamoNodeRegistry } from '../aws/node-registry.ts';
import { DynamoPolicyStore } from '../aws/policy-store.ts';
import { DynamoSweepProgress } from '../aws/progress.ts';
import { openTable, withHints } from '../aws/table.ts';
import type { FleetIssues } from '../core/fleet/fleet-issue.ts';
import type { SweepState } from '../core/inventory/inventory.ts';
import type { LedgerIndex } from '../core/ledger/ledger-index.ts';
import type { NodeDirectory } from '../core/nodes/directory.ts';
import type { NodeRegistry } from '../core/nodes/registry.ts';
import type { PolicyStore, PolicyVersion } from '../core/policy/policy.ts';
import type { DeploymentFlags } from './deployment-flags.ts';
import { DATA, openStopped, readyIn } from './local-mayfly.ts';
import { note, patiently } from './print.ts';

/** The Mayfly that a command reads or changes. */
export interface Deployment {
  /** Its name in messages, such as `the stack Mayfly`. */
  readonly name: string;
  readonly store: PolicyStore;
  readonly directory: NodeDirectory;
  readonly registry: NodeRegistry;
  readonly ledgerIndex: LedgerIndex;
  /** How long its ledger keeps a workload after the last event or sweep that reported it. */
  readonly keepsMs: () => Promise<number>;
  readonly fleetIssues: FleetIssues;
  readonly sweeps: { readonly read: () => Promise<SweepState> };
}

/**
 * Opens the Mayfly that the flags name, calls `work` with it, and closes it.
 *
 * @throws with the next step to take, when it cannot be reached
 * @example const live = await withDeployment(flags, ({ store }) => store.current());
 */
export async function withDeployment<T>(
  flags: DeploymentFlags,
  work: (deployment: Deployment) => Promise<T>,
): Promise<T> {
  const { name, table, client, close } = await patiently('Looking up the table', whereIs(flags));
  try {
    const store = new DynamoPolicyStore(openTable(table, client));
    // An empty table is seeded with the built-in policy by the first request.
    const keepsMs = async () => ((await store.current())?.policy ?? builtIn.policy).ledgerKeepsSeconds * 1000;
    return await patiently(
      `Waiting for ${name}`,
      work({
        name,
        store,
        keepsMs,
        // A revoked node may have a held read: the hint ends it. Where no front reads hints, it expires.
        registry: new DynamoNodeRegistry(withHints(openTable(table, client), Date.now)),
        directory: new DynamoNodeDirectory(openTable(table, client), Date.now),
        ledgerIndex: new DynamoLedgerIndex(openTable(table, client), keepsMs),
        fleetIssues: new DynamoFleetIssues(openTable(table, client)),
        sweeps: new DynamoSweepProgress(openTable(table, client)),
      }),
    );
  } catch (error) {
    throw explained(error, name, flags);
  } finally {
    client.destroy();
    await close?.();
  }
}

/** The live version. @throws when there is none yet */
export async function livePolicyOf({ name, store }: Deployment): Promise<PolicyVersion> {
  const live = await store.current();
  if (!live)
    throw new Error(`${name} has no policy yet: its first request stores the default policy, or push one yourself`);
  return live;
}

interface Where {
  readonly name: string;
  readonly table: string;
  readonly client: DynamoDBClient;
  readonly close?: () => Promise<void>;
}

async function whereIs(flags: DeploymentFlags): Promise<Where> {
  if (flags.table) return { name: `the table ${flags.table}`, table: flags.table, client: new DynamoDBClient({}) };
  if (flags.stack) {
    const table = await tableOf(flags.stack);
    return { name: `the stack ${flags.stack}`, table, client: new DynamoDBClient({}) };
  }
  const { dynamodb, embedded, tableName, credentials } = await readyIn(flags.data).catch((cause) => {
    const next = 'start one with "npx mayfly local", or name one in AWS with --stack NAME or --table NAME';
    throw new Error(`no Mayfly has run in ${flags.data}: ${next}`, { cause });
  });
  const left = embedded ? await openStopped(flags.data) : undefined;
  if (left) note(`No Mayfly runs in ${flags.data} now: reading the table in its data folder.`);
  const at = left ?? { endpoint: dynamodb, credentials };
  const client = new DynamoDBClient({ endpoint: at.endpoint, region: 'us-east-1', credentials: at.credentials });
  return { name: `the Mayfly in ${flags.data}`, table: tableName, client, close: left?.close };
}

const OUTPUT = 'TableName';

async function tableOf(stack: string): Promise<string> {
  const client = new CloudFormationClient({});
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const table = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === OUTPUT)?.OutputValue;
    if (table) return table;
    throw new Error(
      `the stack ${stack} has no output ${OUTPUT}: is it a Mayfly stack? Deploy it again, or use --table NAME`,
    );
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') {
      throw new Error(
        `there is no stack ${stack} in ${await client.config.region()}: check its name, AWS_PROFILE and AWS_REGION`,
        { cause: error },
      );
    }
    throw explained(error, `the stack ${stack}`, { data: DATA, stack });
  } finally {
    client.destroy();
  }
}

/** Adds the next step to an error of the SDK that we know. Returns any other error unchanged. */
function explained(error: unknown, name: string, flags: DeploymentFlags): unknown {
  const local = !flags.stack && !flags.table;
  const because = (text: string): Error => new Error(text, { cause: error });
  if (local && String(error).includes('ECONNREFUSED')) {
    const next = `start it with "npx mayfly local --no-demo --data ${flags.data}", or wait until it is up`;
    return because(`${name} is not running: ${next}`);
  }
  if (!(error instanceof Error)) return error;
  switch (error.name) {
    case 'ResourceNotFoundException':
      return because(`${name} does not exist: check the name, AWS_PROFILE and AWS_REGION`);
    case 'CredentialsProviderError':
      return because(`no AWS credentials for ${name}: set AWS_PROFILE, or sign in with "aws sso login"`);
    case 'ExpiredTokenException':
    case 'UnrecognizedClientException':
      return because(`AWS no longer accepts these credentials for ${name}: sign in again (${error.message})`);
    case 'AccessDeniedException':
      return because(
        `access denied to ${name}: you need dynamodb:GetItem, BatchGetItem, Query, PutItem, UpdateItem and DeleteItem on its table and its index, ` +
          `and cloudformation:DescribeStacks for --stack (${error.message})`,
      );
    case 'ValidationException':
      return /specified index/.test(error.message)
        ? because(`${name} is an earlier version, which has no index of workloads: deploy it again`)
        : error;
    default:
      return /region is missing/i.test(error.message) ? because(`no Region for ${name}: set AWS_REGION`) : error;
  }
}
