import { DynamoCampaigns } from '../../lib/aws/campaigns.ts';
import { EcsContainerInstances } from '../../lib/aws/container-instances.ts';
import { eventHandler } from '../../lib/aws/event-function.ts';
import { DynamoFanOuts } from '../../lib/aws/fan-outs.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet-issues.ts';
import { DynamoHostQueue } from '../../lib/aws/host-queue.ts';
import { DynamoLedger } from '../../lib/aws/ledger.ts';
import { DynamoNodeDirectory } from '../../lib/aws/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/node-registry.ts';
import { DynamoStoredAnswers } from '../../lib/aws/stored-answers.ts';
import type { Table } from '../../lib/aws/table.ts';
import { EcsTaskDefinitions } from '../../lib/aws/task-definitions.ts';
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
