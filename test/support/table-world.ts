import { DynamoCampaigns } from '../../lib/aws/campaigns/campaigns.ts';
import { eventHandler } from '../../lib/aws/event-function.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet/fleet-issues.ts';
import { EcsContainerInstances } from '../../lib/aws/inventory/container-instances.ts';
import { EcsTaskDefinitions } from '../../lib/aws/inventory/task-definitions.ts';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { DynamoNodeDirectory } from '../../lib/aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/nodes/node-registry.ts';
import { DynamoFanOuts } from '../../lib/aws/queue/fan-outs.ts';
import { DynamoHostQueue } from '../../lib/aws/queue/host-queue.ts';
import { DynamoStoredAnswers } from '../../lib/aws/results/stored-answers.ts';
import type { Table } from '../../lib/aws/table/table.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { deliver } from './deliver.ts';
import { aTable } from './dynamodb.ts';
import { ecsClient } from './ecs-client.ts';
import type { AnyEvent } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { BaseWorld } from './world.ts';

/** Every port on one table, as one function has them. */
export const portsOn = (table: Table, now: () => number) => ({
  queue: new DynamoHostQueue(table),
  ledger: new DynamoLedger(table),
  registry: new DynamoNodeRegistry(table),
  aliases: new DynamoAliases(table),
  storedAnswers: new DynamoStoredAnswers(table),
  fleetIssues: new DynamoFleetIssues(table),
  directory: new DynamoNodeDirectory(table, now),
  fanOuts: new DynamoFanOuts(table),
  campaigns: new DynamoCampaigns(table),
});

/** A world on the embedded DynamoDB. Its events can also go through the Lambda function. */
export class TableWorld extends BaseWorld<ReturnType<typeof portsOn>> {
  readonly table: Table;
  #function: ReturnType<typeof eventHandler> | undefined;

  constructor(table: Table) {
    super((now) => portsOn(table, now));
    this.table = table;
  }

  static async begin(): Promise<TableWorld> {
    return new TableWorld(await aTable());
  }

  /** Creates a world on a new table with this policy in force. */
  static async under(policy: Policy): Promise<TableWorld> {
    const world = await TableWorld.begin();
    world.policy = inForce(policy);
    return world;
  }

  override coldStart(): void {
    super.coldStart();
    this.#function = undefined;
  }

  /** Sends events to the function in one batch. @returns the ids of the failed messages */
  send(...events: (AnyEvent | string)[]): Promise<string[]> {
    this.#function ??= eventHandler(this.taskDeps());
    return deliver(events, this.#function);
  }

  protected override ecsOver() {
    const client = ecsClient(this.ecs);
    return {
      lookup: new EcsContainerInstances(client),
      definitions: new EcsTaskDefinitions(this.table, { now: this.now, report: this.report, client }),
    };
  }
}
