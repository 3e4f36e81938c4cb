import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import type { SweepPosition, SweepProgress, SweepState } from '../../core/inventory/inventory.ts';
import type { Cursors, ReviewProgress } from '../../core/ledger/review-progress.ts';
import { number, readRow, renamed, type ShapeOf, type TableRow, text } from '../table/row-schema.ts';
import { conditional, type Table } from '../table/table.ts';

/** Where the next run continues: `<pk>` / `#progress`, one permanent row; `{}` before the first run. */
class DynamoProgress<State> {
  protected readonly table: Table;
  protected readonly key: { readonly pk: string; readonly sk: string };
  readonly #schema: z.ZodMiniType<State>;

  constructor(table: Table, pk: string, schema: z.ZodMiniType<State>) {
    this.table = table;
    this.key = { pk, sk: '#progress' };
    this.#schema = schema;
  }

  async read(): Promise<State> {
    const { Item } = await this.table.db.send(
      new GetCommand({ TableName: this.table.name, Key: this.key, ConsistentRead: true }),
    );
    return this.stateIn(Item);
  }

  protected stateIn(row: TableRow = {}): State {
    return readRow(z.object({ state: this.#schema }), { ...this.key, state: {}, ...row }).state;
  }
}

const sweepState = renamed(
  { left: 'unfinished' },
  z.object({
    beganMs: z.optional(number),
    tasksSinceMs: z.optional(number),
    instancesSinceMs: z.optional(number),
    unfinished: z.optional(
      z.object({
        startedAtMs: number,
        at: z.object({
          cluster: text,
          list: z.enum(['RUNNING', 'STOPPED']),
          from: z.optional(text),
        } satisfies ShapeOf<SweepPosition>),
      }),
    ),
    everyMs: z.optional(number),
    heldEverySeconds: z.optional(number),
    expectAgents: z.optional(text),
  } satisfies ShapeOf<SweepState>),
);

const cursors = z.record(text, number);

/** The settings of a deployment that readers need. */
type SweepSettings = Pick<SweepState, 'everyMs' | 'heldEverySeconds' | 'expectAgents'>;

/** The progress of sweeps: `SWEEP`, with `heldUntilMs` while a sweep is running. */
export class DynamoSweepProgress extends DynamoProgress<SweepState> implements SweepProgress {
  readonly #settings: SweepSettings;

  /** @param settings what only the reconciler knows, saved for readers */
  constructor(table: Table, settings: SweepSettings = {}) {
    super(table, 'SWEEP', sweepState);
    this.#settings = settings;
  }

  async begin(nowMs: number, untilMs: number): Promise<SweepState | undefined> {
    try {
      const { Attributes } = await this.table.db.send(
        new UpdateCommand({
          TableName: this.table.name,
          Key: this.key,
          UpdateExpression: 'SET heldUntilMs = :until',
          ConditionExpression: 'attribute_not_exists(heldUntilMs) OR heldUntilMs <= :now',
          ExpressionAttributeValues: { ':now': nowMs, ':until': untilMs },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return this.stateIn(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined; // another sweep is running
      throw error;
    }
  }

  async end(untilMs: number, state: SweepState): Promise<void> {
    await conditional(
      this.table.db.send(
        new PutCommand({
          TableName: this.table.name,
          Item: { ...this.key, state: { ...state, ...this.#settings } },
          ConditionExpression: 'heldUntilMs = :until',
          ExpressionAttributeValues: { ':until': untilMs },
        }),
      ),
    );
  }
}

/** The progress of reviews: `REVIEW`. */
export class DynamoReviewProgress extends DynamoProgress<Cursors> implements ReviewProgress {
  constructor(table: Table) {
    super(table, 'REVIEW', cursors);
  }

  async save(state: Cursors): Promise<void> {
    await this.table.db.send(new PutCommand({ TableName: this.table.name, Item: { ...this.key, state } }));
  }
}
