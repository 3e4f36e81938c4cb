import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { traceOf } from '../../core/errors.ts';
import { LEDGER_KEPT_MS } from '../../core/ledger/ledger-index.ts';
import { OutOfBudget } from '../../core/reconcile/spend.ts';
import type { Report } from '../../core/reports/report.ts';
import type { TaskDefinitions } from '../../core/triggers/task-definitions.ts';
import { type Call, unmetered } from '../calls/metered.ts';
import { SHORT_TIMEOUTS } from '../calls/timeouts.ts';
import { readRow, text } from '../table/row-schema.ts';
import { type Table, ttl } from '../table/table.ts';

export interface TaskDefinitionsOptions {
  readonly now: () => number; // epoch ms
  readonly report: Report;
  /** @default - a client with short timeouts and no retry, because an event waits for it */
  readonly client?: ECSClient;
  /** Counts the calls. @default - no counting */
  readonly call?: Call;
}

interface Held {
  readonly names: Promise<ReadonlySet<string> | undefined>;
  untilMs: number;
  /** Whether the call to ECS failed, so that the failure is reported once. */
  failed: boolean;
}

const HELD_SIZE = 5_000;
const RETRY_MS = 60_000;

const EssentialRow = z.object({ containers: z.array(text) });

/** The ARN of one revision. Without a revision it means the latest one, which changes. */
const REVISION = /^arn:[a-z0-9-]+:ecs:[a-z0-9-]+:\d{12}:task-definition\/[A-Za-z0-9_-]{1,255}:\d{1,10}$/;

/**
 * Task definitions as ECS describes them, kept in memory and as `TASKDEF#<arn>` / `#essential`, so that a revision costs one
 * call for all functions together: the account's bucket for them holds 50 and refills by 20 a second.
 */
export class EcsTaskDefinitions implements TaskDefinitions {
  readonly #table: Table;
  readonly #now: () => number;
  readonly #report: Report;
  readonly #client: ECSClient;
  readonly #call: Call;
  readonly #held = new Map<string, Held>();

  constructor(
    table: Table,
    {
      now,
      report,
      client = new ECSClient({ maxAttempts: 1, ...SHORT_TIMEOUTS }),
      call = unmetered,
    }: TaskDefinitionsOptions,
  ) {
    this.#table = table;
    this.#now = now;
    this.#report = report;
    this.#client = client;
    this.#call = call;
  }

  /** @throws errors of the table; an error of ECS is reported instead, and the containers are unknown */
  async essentialContainers(arn: string): Promise<ReadonlySet<string> | undefined> {
    if (!REVISION.test(arn)) return undefined;
    const before = this.#held.get(arn);
    if (before && before.untilMs > this.#now()) return before.names;
    const held: Held = { names: this.#fetch(arn), untilMs: Number.POSITIVE_INFINITY, failed: before?.failed ?? false };
    this.#keep(arn, held);
    return held.names;
  }

  async #fetch(arn: string): Promise<ReadonlySet<string> | undefined> {
    try {
      return (await this.#stored(arn)) ?? (await this.#described(arn));
    } catch (error) {
      this.#held.delete(arn);
      throw error;
    }
  }

  async #described(arn: string): Promise<ReadonlySet<string> | undefined> {
    let names: string[];
    try {
      const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn });
      const { taskDefinition } = await this.#call('DescribeTaskDefinition', () => this.#client.send(command));
      const essential = (taskDefinition?.containerDefinitions ?? []).filter(
        (container) => container.essential !== false,
      );
      names = essential.flatMap(({ name }) => name ?? []);
      if (names.length === 0) throw new Error('it has no essential container');
    } catch (error) {
      // The sweep's budget was used up before the call, so there is no answer to cache.
      if (error instanceof OutOfBudget) this.#held.delete(arn);
      else this.#failed(arn, error);
      return undefined;
    }
    await this.#store(arn, names);
    return new Set(names);
  }

  #failed(arn: string, error: unknown): void {
    const held = this.#held.get(arn);
    if (!held?.failed) this.#report('task_definition_unknown', { taskDefinition: arn, error: traceOf(error) });
    if (held) Object.assign(held, { untilMs: this.#now() + RETRY_MS, failed: true });
  }

  async #stored(arn: string): Promise<ReadonlySet<string> | undefined> {
    const { Item } = await this.#table.db.send(new GetCommand({ TableName: this.#table.name, Key: keyOf(arn) }));
    return Item && new Set(readRow(EssentialRow, Item).containers);
  }

  async #store(arn: string, containers: readonly string[]): Promise<void> {
    const expiresAt = ttl(this.#now() + LEDGER_KEPT_MS);
    await this.#table.db.send(
      new PutCommand({ TableName: this.#table.name, Item: { ...keyOf(arn), containers, expiresAt } }),
    );
  }

  #keep(arn: string, held: Held): void {
    const oldest = this.#held.keys().next().value;
    if (this.#held.size >= HELD_SIZE && oldest !== undefined) this.#held.delete(oldest);
    this.#held.set(arn, held);
  }
}

const keyOf = (arn: string) => ({ pk: `TASKDEF#${arn}`, sk: '#essential' });
