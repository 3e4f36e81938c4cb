import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { LEDGER_KEEPS_MS } from '../core/ledger/book.ts';
import type { ToldBy } from '../core/ledger/clocks.ts';
import type { Ledger } from '../core/ledger/ledger.ts';
import type { Handling, Sighting, Told, Trouble, WorkloadRecord, WorkloadSnapshot } from '../core/ledger/workload.ts';
import { conditional, type Table, ttl } from './table.ts';

const PREFIX = 'WORKLOAD#';
const keyOf = (workload: string) => ({ pk: `${PREFIX}${workload}`, sk: '#ledger' });
/** The workload behind a partition key of the ledger. */
export const workloadOf = (pk: string): string => pk.slice(PREFIX.length);

/** The index that lists workloads by the time of their first event: `day` / `firstEventAtMs`, keys only. */
export const BY_DAY = 'byDay';
/** Partitions of a day: the lives of a busy one are not all written to the same. */
export const DAY_SHARDS = 8;
/** `2026-11-01#3`: the UTC day, and one of its shards. */
export const dayOf = (atMs: number, shard: number): string => `${new Date(atMs).toISOString().slice(0, 10)}#${shard}`;
const shardOf = (workload: string): number => (createHash('sha256').update(workload).digest()[0] ?? 0) % DAY_SHARDS;

/**
 * Workloads: `WORKLOAD#<arn or id>` / `#ledger`. Sets of ids and troubles are DynamoDB sets grown with ADD, so their
 * order and repeats do not matter; the snapshot is guarded by its version. The keys of `byDay` are set by the first event
 * and never change, so the index costs one write a life.
 */
export class DynamoLedger implements Ledger {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async advance(snapshot: WorkloadSnapshot): Promise<WorkloadRecord | undefined> {
    const { workload, version, versionStep, occurredAtMs, receivedAtMs, toldBy } = snapshot;
    try {
      const { Attributes } = await this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: keyOf(workload),
          UpdateExpression:
            'SET #snapshot = :snapshot, version = :version, handledVersion = if_not_exists(handledVersion, :none), ' +
            'firstEventAtMs = if_not_exists(firstEventAtMs, :occurred), #day = if_not_exists(#day, :day), ' +
            'firstReceivedAtMs = if_not_exists(firstReceivedAtMs, :received), ' +
            'firstToldBy = if_not_exists(firstToldBy, :toldBy), expiresAt = :expires',
          ConditionExpression:
            'attribute_not_exists(version) OR version <= :older OR (version = :version AND handledVersion < :version)',
          ExpressionAttributeNames: { '#snapshot': 'snapshot', '#day': 'day' },
          ExpressionAttributeValues: {
            ':snapshot': snapshot,
            ':version': version,
            ':older': version - versionStep,
            ':none': -1,
            ':occurred': occurredAtMs,
            ':day': dayOf(occurredAtMs, shardOf(workload)),
            ':received': receivedAtMs,
            ':toldBy': toldBy,
            ':expires': ttl(Math.max(occurredAtMs, receivedAtMs) + LEDGER_KEEPS_MS),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return recordOf(Attributes ?? {});
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  handled(workload: string, version: number, handling: Handling): Promise<boolean> {
    return this.#change(workload, 'SET handledVersion = :version, handling = :handling', {
      condition: 'version = :version',
      values: { ':version': version, ':handling': handling },
    });
  }

  async saw(workload: string, { live, postMortem, answeredAtMs, storedAtMs }: Sighting): Promise<void> {
    const added = [
      ...(live.length > 0 ? [['seenLive', ':live', new Set(live)] as const] : []),
      ...(postMortem.length > 0 ? [['seenPostMortem', ':dead', new Set(postMortem)] as const] : []),
    ];
    if (added.length === 0) return;
    await this.#change(
      workload,
      'SET firstAnswerAtMs = if_not_exists(firstAnswerAtMs, :answered), firstStoredAtMs = if_not_exists(firstStoredAtMs, :stored) ' +
        `ADD ${added.map(([name, value]) => `${name} ${value}`).join(', ')}`,
      {
        values: {
          ':answered': answeredAtMs,
          ':stored': storedAtMs,
          ...Object.fromEntries(added.map(([, value, set]) => [value, set])),
        },
      },
    );
  }

  async troubled(workload: string | undefined, trouble: Trouble): Promise<void> {
    if (workload === undefined) return;
    await this.#change(workload, 'ADD troubles :trouble', { values: { ':trouble': new Set([trouble]) } });
  }

  async delivered(workload: string, nowMs: number): Promise<void> {
    await this.#change(workload, 'SET deliveredAtMs = if_not_exists(deliveredAtMs, :now)', {
      values: { ':now': nowMs },
    });
  }

  async identify(workload: string, identity: Readonly<Record<string, string>>): Promise<void> {
    await this.#change(workload, 'SET learned = :identity', { values: { ':identity': identity } });
  }

  tell(workload: string, told: Told): Promise<boolean> {
    return this.#change(workload, 'SET told = :told', {
      condition: '(attribute_not_exists(told) OR told <> :told)',
      values: { ':told': told },
    });
  }

  async read(workloads: readonly string[]): Promise<WorkloadRecord[]> {
    const records: WorkloadRecord[] = [];
    let keys = [...new Set(workloads)].map(keyOf);
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await this.#table.db.send(
        new BatchGetCommand({
          RequestItems: { [this.#table.name]: { Keys: keys.slice(0, 100), ConsistentRead: true } },
        }),
      );
      records.push(...(Responses?.[this.#table.name] ?? []).map(recordOf));
      keys = [...((UnprocessedKeys?.[this.#table.name]?.Keys ?? []) as typeof keys), ...keys.slice(100)];
    }
    return records;
  }

  // Only a record that an event or a sweep made is changed: an answer never brings one into being.
  #change(
    workload: string,
    update: string,
    { condition, values }: { condition?: string; values: Record<string, unknown> },
  ): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: keyOf(workload),
          UpdateExpression: update,
          ConditionExpression: ['attribute_exists(pk)', ...(condition ? [condition] : [])].join(' AND '),
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }
}

function recordOf(item: Record<string, unknown>): WorkloadRecord {
  const set = <T extends string>(value: unknown): T[] => (value instanceof Set ? ([...value].sort() as T[]) : []);
  const snapshot = item.snapshot as WorkloadSnapshot;
  const learned = item.learned as WorkloadSnapshot['identity'] | undefined;
  return {
    ...snapshot,
    receivedAtMs: snapshot.receivedAtMs ?? snapshot.occurredAtMs,
    ...(learned ? { identity: { ...learned, ...snapshot.identity } } : {}),
    handledVersion: Number(item.handledVersion),
    ...(item.handling ? { handling: item.handling as Handling } : {}),
    seenLive: set(item.seenLive),
    seenPostMortem: set(item.seenPostMortem),
    troubles: set<Trouble>(item.troubles),
    firstEventAtMs: Number(item.firstEventAtMs),
    // Records of an earlier version lack these.
    firstReceivedAtMs: Number(item.firstReceivedAtMs ?? item.firstEventAtMs),
    firstToldBy: (item.firstToldBy as ToldBy | undefined) ?? 'event',
    ...(item.told ? { told: item.told as Told } : {}),
    ...(item.firstStoredAtMs ? { firstStoredAtMs: Number(item.firstStoredAtMs) } : {}),
    ...(item.firstAnswerAtMs ? { firstAnswerAtMs: Number(item.firstAnswerAtMs) } : {}),
    ...(item.deliveredAtMs ? { deliveredAtMs: Number(item.deliveredAtMs) } : {}),
  };
}
