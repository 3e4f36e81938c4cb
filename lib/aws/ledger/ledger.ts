import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type KeysAndAttributes,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type AddressesSince, realmOf } from '../../core/ledger/addresses.ts';
import { firstAnswer } from '../../core/ledger/first-answer.ts';
import type { Handled, Ledger } from '../../core/ledger/ledger.ts';
import { LEDGER_KEPT_MS } from '../../core/ledger/ledger-index.ts';
import { type Advance, advanceOf } from '../../core/ledger/merge.ts';
import type { PendingKey } from '../../core/ledger/pending-key.ts';
import type {
  AnswerContext,
  Handling,
  Outcome,
  QueryCount,
  RecordedVerdict,
  Sighting,
  TaskContainer,
  Trouble,
  WorkloadRecord,
  WorkloadSnapshot,
} from '../../core/ledger/workload.ts';

import { each } from '../../core/together.ts';
import { batchGet, READ_AT_ONCE } from '../table/fast-reads.ts';
import { pack } from '../table/packed-json.ts';
import type { TableRow } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';
import { AGAIN, addressKey, dayOf, keyOf, shardOf, sortable, workloadOf } from './ledger-keys.ts';
import { ANSWER_CONTEXT_ATTRIBUTES, answerContextOfRow, FACTS, workloadOfRow } from './ledger-rows.ts';

const DAY_MS = 24 * 3_600_000;
/** A transaction takes 100 items and 4 MB. */
const OUTCOMES_AT_ONCE = 50;
/** From this number of outcomes on, one read and one transaction cost less CPU than a request for each outcome. */
const TRANSACTION_PAYS = 4;

/**
 * The ledger: one item per workload, `WORKLOAD#<arn or id>` / `#ledger`. Snapshot and handling are packed: see `pack`.
 *
 * Ids and troubles are DynamoDB sets that grow by ADD, so order and repeats do not matter. The version guards the snapshot.
 * The keys of `byDay` are written with the first event and never change, so the index costs one write per workload. The
 * attribute `facts#<id>` holds what a row said about a container. Other items:
 *
 * ADDRESS#<digits> / <since>#<workload>   a workload got an address, and when
 * REVIEW#again / <when>#<workload>        the verdict of a workload is due for review
 */
export class DynamoLedger implements Ledger {
  readonly #table: Table;
  readonly #keptForMs: () => Promise<number>;

  /** @param keptForMs how long a workload is kept after its last event or sweep */
  constructor(table: Table, keptForMs: () => Promise<number> = async () => LEDGER_KEPT_MS) {
    this.#table = table;
    this.#keptForMs = keptForMs;
  }

  async advance(news: WorkloadSnapshot): Promise<WorkloadRecord | undefined> {
    // Another writer changed the record in between: read it again.
    for (;;) {
      const advance = await this.prepare(news);
      if (!advance) return undefined;
      const record = await this.commit(advance);
      if (record) return record;
    }
  }

  async prepare(news: WorkloadSnapshot): Promise<Advance | undefined> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: keyOf(news.workload), ConsistentRead: true }),
    );
    return advanceOf(Item && workloadOfRow(Item), news);
  }

  async commit({ snapshot, listedAtMs, known }: Advance, handled?: Handled): Promise<WorkloadRecord | undefined> {
    const { workload, version, occurredAtMs, receivedAtMs, detectedBy } = snapshot;
    const { closes = [], handling } = handled ?? {};
    // A first event in the future was recorded by a function whose clock was ahead: replace its time.
    const isAhead = known !== undefined && known.firstReceivedAtMs > listedAtMs;
    const first = (name: string, value: string): string => (isAhead ? value : `if_not_exists(${name}, ${value})`);
    const keptForMs = await this.#keptForMs();
    try {
      const { Attributes } = await this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: keyOf(workload),
          UpdateExpression:
            `SET #snapshot = :snapshot, version = :version, firstEventAtMs = if_not_exists(firstEventAtMs, :occurred), ` +
            `#day = ${first('#day', ':day')}, firstReceivedAtMs = ${first('firstReceivedAtMs', ':listed')}, ` +
            'firstDetectedBy = if_not_exists(firstDetectedBy, :detectedBy), lastSignAtMs = :received, expiresAt = :expires, ' +
            (handling
              ? 'handledVersion = :version, handling = :handling'
              : 'handledVersion = if_not_exists(handledVersion, :none)') +
            (closes.length > 0 ? ' ADD closedQueries :closed' : ''),
          ConditionExpression: known
            ? 'version = :knownVersion AND handledVersion = :knownHandled AND ' +
              '(attribute_not_exists(lateQueries) OR size(lateQueries) <= :knownLate)'
            : 'attribute_not_exists(version)',
          ExpressionAttributeNames: { '#snapshot': 'snapshot', '#day': 'day' },
          // The marshaller drops the values that are undefined.
          ExpressionAttributeValues: {
            ':snapshot': pack(snapshot),
            ':version': version,
            ':none': handling ? undefined : -1,
            ':handling': handling && pack(handling),
            ':closed': closes.length > 0 ? new Set(closes) : undefined,
            ':occurred': occurredAtMs,
            ':day': dayOf(listedAtMs, shardOf(workload)),
            ':listed': listedAtMs,
            ':received': receivedAtMs,
            ':detectedBy': detectedBy,
            ':expires': ttl(receivedAtMs + keptForMs),
            ':knownVersion': known?.version,
            ':knownHandled': known?.handledVersion,
            ':knownLate': known?.lateQueries.length,
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return workloadOfRow(Attributes ?? keyOf(workload)).record;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  markHandled(workload: string, version: number, handling: Handling): Promise<boolean> {
    return this.#change(workload, 'SET handledVersion = :version, handling = :handling', {
      condition: 'version = :version',
      values: { ':version': version, ':handling': pack(handling) },
    });
  }

  async addLateQueries(workload: string, queries: readonly PendingKey[]): Promise<void> {
    if (queries.length === 0) return;
    const keys = new Set(queries.map((key) => JSON.stringify(key)));
    await this.#change(workload, 'ADD lateQueries :keys', { values: { ':keys': keys } });
  }

  async recordLastGasp(workload: string, count: QueryCount): Promise<void> {
    await this.#change(workload, 'ADD lastGasps :count', { values: { ':count': new Set([JSON.stringify(count)]) } });
  }

  async recordHost(workload: string, host: string): Promise<void> {
    await this.#change(workload, 'SET foundHost = :host', { values: { ':host': host } });
  }

  async recordOutcomes(outcomes: ReadonlyMap<string, Outcome>): Promise<ReadonlyMap<string, AnswerContext>> {
    const before = new Map<string, AnswerContext>();
    const all = [...outcomes];
    for (let from = 0; from < all.length; from += OUTCOMES_AT_ONCE) {
      const some = all.slice(from, from + OUTCOMES_AT_ONCE);
      const read = some.length < TRANSACTION_PAYS ? undefined : await this.#recordTogether(some);
      for (const [workload, record] of read ?? (await this.#recordEach(some))) before.set(workload, record);
    }
    return before;
  }

  /**
   * Records outcomes in two calls. One request for each costs several times the CPU.
   *
   * @returns the records before; undefined if nothing was written, and each has to be written by itself
   */
  async #recordTogether(outcomes: readonly WorkloadOutcome[]): Promise<Map<string, AnswerContext> | undefined> {
    const { expression, names } = ANSWER_CONTEXT_ATTRIBUTES;
    const rows = await this.#rows(
      outcomes.map(([workload]) => workload),
      { ProjectionExpression: expression, ExpressionAttributeNames: names },
    );
    const before = new Map(rows.map((row) => [workloadOf(String(row.pk)), answerContextOfRow(row)]));
    const updates = outcomes.flatMap(([workload, outcome]) => {
      const record = before.get(workload);
      if (!record) return [];
      // Another request may record the first answer at this moment. Only one answer may count as the first, because it alone
      // is compared with the bound.
      const isFirst = outcome.sighting && record.firstAnswerAtMs === undefined;
      return [
        { Update: this.#outcome(workload, outcome, isFirst ? 'attribute_not_exists(firstAnswerAtMs)' : undefined) },
      ];
    });
    if (updates.length === 0) return before;
    try {
      await this.#table.db.send(new TransactWriteCommand({ TransactItems: updates }));
      return before;
    } catch (error) {
      // A condition failed, another writer has one of the records, or they are too large together.
      if (error instanceof TransactionCanceledException || isInvalid(error)) return undefined;
      throw error;
    }
  }

  /** Records each outcome by itself. @returns the records before */
  async #recordEach(outcomes: readonly WorkloadOutcome[]): Promise<Map<string, AnswerContext>> {
    const before = new Map<string, AnswerContext>();
    await each(outcomes, async ([workload, outcome]) => {
      try {
        const update = { ...this.#outcome(workload, outcome), ReturnValues: 'ALL_OLD' as const };
        const { Attributes } = await this.#table.db.send(new UpdateCommand(update));
        if (Attributes) before.set(workload, answerContextOfRow(Attributes));
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    });
    return before;
  }

  #outcome(workload: string, { closes, troubles, sighting }: Outcome, condition?: string) {
    const { sets, ...seen } = sighting ? seenIn(sighting) : NOTHING_SEEN;
    const added = {
      closedQueries: closes,
      troubles,
      seenLive: sighting?.live ?? [],
      seenPostMortem: sighting?.postMortem ?? [],
    };
    const adds = Object.entries(added).filter(([, members]) => members.length > 0); // DynamoDB has no empty set
    return this.#changing(
      workload,
      `${sets.length > 0 ? `SET ${sets.join(', ')} ` : ''}ADD ${adds.map(([name]) => `${name} :${name}`).join(', ')}`,
      {
        condition,
        names: seen.names,
        values: { ...seen.values, ...Object.fromEntries(adds.map(([name, some]) => [`:${name}`, new Set(some)])) },
      },
    );
  }

  async recordTrouble(workload: string | undefined, trouble: Trouble, closes: readonly string[] = []): Promise<void> {
    if (workload === undefined) return;
    const closing = closes.length > 0; // DynamoDB has no empty set
    await this.#change(workload, `ADD troubles :trouble${closing ? ', closedQueries :closed' : ''}`, {
      values: { ':trouble': new Set([trouble]), ':closed': closing ? new Set(closes) : undefined },
    });
  }

  async closeQueries(workload: string, queryIds: readonly string[]): Promise<void> {
    if (queryIds.length === 0) return;
    await this.#change(workload, 'ADD closedQueries :closed', { values: { ':closed': new Set(queryIds) } });
  }

  async recordDelivery(workload: string, nowMs: number): Promise<void> {
    await this.#change(workload, 'SET deliveredAtMs = if_not_exists(deliveredAtMs, :now)', {
      values: { ':now': nowMs },
    });
  }

  async addIdentity(
    workload: string,
    identity: Readonly<Record<string, string>>,
    addressesSince: AddressesSince,
  ): Promise<void> {
    const values = { ':identity': identity, ':addresses': addressesSince };
    await this.#change(workload, 'SET learned = :identity, addressesSince = :addresses', { values });
  }

  async indexAddresses(record: WorkloadRecord, addressesSince: AddressesSince): Promise<void> {
    // One more day, because these items are written again only for workloads that run longer than a day.
    const expiresAt = ttl(record.lastSignAtMs + DAY_MS + (await this.#keptForMs()));
    for (const [digits, sinceMs] of Object.entries(addressesSince)) {
      const realm = realmOf(digits, record.identity);
      await this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: addressKey(digits, sinceMs, record.workload),
          UpdateExpression: 'SET realm = :realm, expiresAt = :expires',
          ExpressionAttributeValues: { ':realm': realm, ':expires': expiresAt },
        }),
      );
    }
  }

  async endAddresses(record: WorkloadRecord, addressesSince: AddressesSince, untilMs: number): Promise<void> {
    for (const [digits, sinceMs] of Object.entries(addressesSince)) {
      await conditional(
        this.#table.db.send(
          new UpdateCommand({
            TableName: this.#table.name,
            Key: addressKey(digits, sinceMs, record.workload),
            UpdateExpression: 'SET releasedAtMs = if_not_exists(releasedAtMs, :until)',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':until': untilMs },
          }),
        ),
      );
    }
  }

  async recordAlive(record: WorkloadRecord, nowMs: number): Promise<void> {
    await this.#change(record.workload, 'SET lastSignAtMs = :now, expiresAt = :expires', {
      values: { ':now': nowMs, ':expires': ttl(nowMs + (await this.#keptForMs())) },
    });
    await this.indexAddresses({ ...record, lastSignAtMs: nowMs }, record.addressesSince);
  }

  async scheduleReview(workload: string, atMs: number): Promise<void> {
    await this.#table.db.send(
      new PutCommand({
        TableName: this.#table.name,
        Item: { pk: AGAIN, sk: `${sortable(atMs)}#${workload}`, expiresAt: ttl(atMs + (await this.#keptForMs())) },
      }),
    );
  }

  async amendContainers(workload: string, version: number, containers: readonly TaskContainer[]): Promise<void> {
    const [row] = await this.#rows([workload]);
    if (!row) return;
    const { snapshot } = workloadOfRow(row);
    // A writer in between has a newer snapshot, or the next sweep amends this one.
    await this.#change(workload, 'SET #snapshot = :amended', {
      condition: 'version = :version AND #snapshot = :snapshot',
      names: { '#snapshot': 'snapshot' },
      values: { ':amended': pack({ ...snapshot, containers }), ':snapshot': row.snapshot, ':version': version },
    });
  }

  recordVerdict(workload: string, verdict: RecordedVerdict): Promise<boolean> {
    return this.#change(workload, 'SET recordedVerdict = :verdict', {
      condition: '(attribute_not_exists(recordedVerdict) OR recordedVerdict <> :verdict)',
      values: { ':verdict': verdict },
    });
  }

  async read(workloads: readonly string[]): Promise<WorkloadRecord[]> {
    return (await this.#rows(workloads)).map((row) => workloadOfRow(row).record);
  }

  /** The rows of these workloads, read consistently, in any order. */
  async #rows(workloads: readonly string[], projection: Projection = {}): Promise<TableRow[]> {
    const rows: TableRow[] = [];
    let keys: TableRow[] = [...new Set(workloads)].map(keyOf);
    while (keys.length > 0) {
      const few = { Keys: keys.slice(0, READ_AT_ONCE), ConsistentRead: true, ...projection };
      const batch = await batchGet(this.#table, few);
      for (const row of batch.rows) rows.push(row);
      keys = [...batch.unprocessed, ...keys.slice(READ_AT_ONCE)];
      // The SDK reports throttled keys without an error, so it does not wait by itself.
      if (batch.unprocessed.length > 0) await sleep(Math.random() * 100);
    }
    return rows;
  }

  // Changes existing records only: an answer never creates a workload.
  #change(workload: string, update: string, details: ChangeDetails): Promise<boolean> {
    return conditional(this.#table.db.send(new UpdateCommand(this.#changing(workload, update, details))));
  }

  #changing(workload: string, update: string, { condition, names, values }: ChangeDetails) {
    return {
      TableName: this.#table.name,
      Key: keyOf(workload),
      UpdateExpression: update,
      ConditionExpression: condition ? `attribute_exists(pk) AND ${condition}` : 'attribute_exists(pk)',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    };
  }
}

type WorkloadOutcome = readonly [workload: string, outcome: Outcome];

type Projection = Pick<KeysAndAttributes, 'ProjectionExpression' | 'ExpressionAttributeNames'>;

const isInvalid = (error: unknown): boolean => error instanceof Error && error.name === 'ValidationException';

const NOTHING_SEEN = { sets: [] as string[], names: undefined, values: {} };

/** The parts of an update that record a sighting, except its sets of ids. */
function seenIn(sighting: Sighting) {
  const first = Object.entries(firstAnswer(sighting));
  const facts = Object.entries(sighting.facts);
  const once = (name: string, value: string): string => `${name} = if_not_exists(${name}, ${value})`;
  const sets = [
    ...first.map(([name]) => once(name, `:${name}`)),
    ...facts.map(([id], n) =>
      sighting.postMortem.includes(id) ? `#facts${n} = :facts${n}` : once(`#facts${n}`, `:facts${n}`),
    ),
  ];
  const values = Object.fromEntries([
    ...first.map(([name, value]) => [`:${name}`, value]),
    ...facts.map(([, said], n) => [`:facts${n}`, said]),
  ]);
  const names = Object.fromEntries(facts.map(([id], n) => [`#facts${n}`, `${FACTS}${id}`]));
  return { sets, names: facts.length > 0 ? names : undefined, values }; // DynamoDB rejects an empty map of names
}

/** The parts of an update besides its expression. */
interface ChangeDetails {
  readonly condition?: string;
  readonly names?: Record<string, string>;
  readonly values: Record<string, unknown>;
}
