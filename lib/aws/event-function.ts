import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { ContainerHosts } from '../core/triggers/container-hosts.ts';
import { type EventDeps, handleEvent, prepareBatch } from '../core/triggers/handle-event.ts';
import type { RuleDeps } from '../core/triggers/handle-rules.ts';
import type { InstanceHold } from '../core/triggers/lifecycle-hook.ts';
import type { Call } from './calls/metered.ts';
import { SHORT_TIMEOUTS } from './calls/timeouts.ts';
import { DynamoCampaigns } from './campaigns/campaigns.ts';
import { EcsContainerInstances } from './inventory/container-instances.ts';
import { EcsTaskDefinitions } from './inventory/task-definitions.ts';
import { DynamoLedger } from './ledger/ledger.ts';
import { DynamoNodeDirectory } from './nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from './nodes/node-registry.ts';
import { policyIn } from './policy/live-policy.ts';
import { DynamoFanOuts } from './queue/fan-outs.ts';
import { DynamoHostQueue } from './queue/host-queue.ts';
import { telemetry } from './reports/telemetry.ts';
import { type Table, tableIn } from './table/table.ts';
import { heldEverySecondsIn, TableEnv } from './table/table-env.ts';
import { eventBatch } from './triggers/event-batch.ts';

type EventHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** The hooks port of the one function that may complete hooks. Each invocation adds its end. */
export type Holding = Omit<InstanceHold, 'endsAtMs'>;

/** What only one function may do. */
interface Own extends Pick<EventDeps, 'describeInstance'> {
  readonly holding?: Holding;
}

/** All functions on events share this handler. They differ in their EventBridge rules and permissions. */
export const eventHandler = (deps: Omit<EventDeps, 'hold'>, holding?: Holding): EventHandler =>
  eventBatch({
    handle: (event, context, queued) => {
      const endsAtMs = deps.now() + context.getRemainingTimeInMillis();
      // A notice may hold its instance for minutes: its line comes at the end, and its queries are reported at once.
      const isHeld = event.kind === 'notice';
      return handleEvent(event, {
        ...deps,
        hold: holding && { ...holding, endsAtMs },
        queued: isHeld ? undefined : queued,
      });
    },
    prepare: (events) => prepareBatch(events, deps),
    report: deps.report,
    now: deps.now,
  });

const Env = z.object(TableEnv);

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);

/** The function on AWS. A hanging call of the table is retried after seconds. */
export function eventFunction(environment: NodeJS.ProcessEnv, { holding, ...own }: Own = {}): EventHandler {
  const env = readEnv(environment);
  const table = tableIn(env, new DynamoDBClient(SHORT_TIMEOUTS));
  return eventHandler({ ...ruleDeps(table, heldEverySecondsIn(env)), ...own }, holding);
}

/** ECS for a caller that counts calls by token bucket. */
export interface MeteredEcs {
  readonly client: ECSClient;
  readonly tasks: Call;
  readonly definitions: Call;
}

/** The ports that events need, on AWS, and how often agents poll behind a long-poll front. */
export function ruleDeps(table: Table, heldEverySeconds: number | undefined, ecs?: MeteredEcs): RuleDeps {
  const report = telemetry();
  const aliases = new DynamoAliases(table);
  const policy = policyIn(table, Date.now, report);
  return {
    ledger: new DynamoLedger(table, async () => (await policy()).policy.ledgerKeepsSeconds * 1000),
    queue: new DynamoHostQueue(table),
    registry: new DynamoNodeRegistry(table),
    aliases,
    hosts: new ContainerHosts(aliases, new EcsContainerInstances(ecs?.client, ecs?.tasks), Date.now),
    definitions: new EcsTaskDefinitions(table, { now: Date.now, report, client: ecs?.client, call: ecs?.definitions }),
    directory: new DynamoNodeDirectory(table, Date.now),
    fanOuts: new DynamoFanOuts(table),
    campaigns: new DynamoCampaigns(table),
    heldEverySeconds,
    policy,
    now: Date.now,
    report,
  };
}
