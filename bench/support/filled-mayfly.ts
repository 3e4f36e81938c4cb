import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { DynamoLedgerIndex } from '../../lib/aws/ledger/ledger-index.ts';
import { dayOf, shardOf } from '../../lib/aws/ledger/ledger-keys.ts';
import { DynamoSettledSpans } from '../../lib/aws/ledger/settled-spans.ts';
import { DynamoReviewProgress } from '../../lib/aws/reconcile/progress.ts';
import { pack } from '../../lib/aws/table/packed-json.ts';
import { openTable, type Table } from '../../lib/aws/table/table.ts';
import { readyIn } from '../../lib/cli/deployment/local-mayfly.ts';
import type { Cursors } from '../../lib/core/ledger/review-progress.ts';
import { settleSpans } from '../../lib/core/ledger/settle-spans.ts';
import type { WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import { simulateHours } from '../../scripts/pictured-hours.ts';

const HOUR_MS = 3_600_000;
/** The workloads began in this time before now. */
const SPAN_MS = 20 * HOUR_MS;

/** Starts a command from the sources. */
export const mayfly = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['bin/mayfly.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function started(data: string): Promise<ChildProcess> {
  const child = mayfly('local', '--json', '--no-demo', '--port', '0', '--data', data);
  if (child.stdout) for await (const _ of createInterface({ input: child.stdout })) return child;
  throw new Error('mayfly local ended before it was ready');
}

/** The row of a record, as the functions write it. */
function rowOf(record: WorkloadRecord, workload: string) {
  const { handling, seenLive, seenPostMortem, closed, troubles, lateQueries, lastGasps, facts, ...rest } = record;
  const { version, kind, versionStep, lastStatus, desiredStatus, stopped, subjects, containers } = rest;
  const { identity, times, occurredAtMs, receivedAtMs, detectedBy, firstReceivedAtMs } = rest;
  const snapshot = { kind, version, versionStep, lastStatus, desiredStatus, stopped, subjects, containers, identity };
  const setOf = (members: readonly string[]) => (members.length > 0 ? new Set(members) : undefined);
  return {
    pk: `WORKLOAD#${workload}`,
    sk: '#ledger',
    day: dayOf(firstReceivedAtMs, shardOf(workload)),
    firstReceivedAtMs,
    snapshot: pack({ workload, ...snapshot, times, occurredAtMs, receivedAtMs, detectedBy }),
    version,
    handledVersion: rest.handledVersion,
    handling: handling && pack(handling),
    firstEventAtMs: rest.firstEventAtMs,
    firstDetectedBy: rest.firstDetectedBy,
    lastSignAtMs: rest.lastSignAtMs,
    deliveredAtMs: rest.deliveredAtMs,
    firstAnswerAtMs: rest.firstAnswerAtMs,
    firstStoredAtMs: rest.firstStoredAtMs,
    firstAnswerFrom: rest.firstAnswerFrom,
    recordedVerdict: rest.recordedVerdict,
    closedQueries: setOf(closed),
    seenLive: setOf(seenLive),
    seenPostMortem: setOf(seenPostMortem),
    troubles: setOf(troubles),
    lateQueries: setOf(lateQueries.map((key) => JSON.stringify(key))),
    lastGasps: setOf(lastGasps.map((one) => JSON.stringify(one))),
    ...Object.fromEntries(Object.entries(facts).map(([id, said]) => [`facts#${id}`, said])),
  };
}

/** Moves every instant in a record. */
const moved = (record: WorkloadRecord, byMs: number): WorkloadRecord =>
  JSON.parse(JSON.stringify(record), (_, value) => (isInstant(value) ? value + byMs : value));

const isInstant = (value: unknown): value is number =>
  typeof value === 'number' && value > Date.parse('2020-01-01') && value < Date.parse('2040-01-01');

interface Span {
  readonly endMs: number;
  readonly stepMs: number;
}

/** Writes one workload at each step of a span, back from its end. */
async function fill({ db, name }: Table, records: readonly WorkloadRecord[], workloads: number, span: Span) {
  const { endMs, stepMs } = span;
  for (let from = 0; from < workloads; from += 25) {
    const rows = Array.from({ length: Math.min(25, workloads - from) }, (_, at) => {
      const record = records[(from + at) % records.length];
      if (!record) throw new Error('the simulated hour had no workloads');
      const id = createHash('sha256')
        .update(`${from + at}`)
        .digest('hex')
        .slice(0, 32);
      const byMs = Math.round(endMs - (from + at) * stepMs - record.firstReceivedAtMs);
      return rowOf(moved(record, byMs), record.workload.replace(/[0-9a-f]{17,}$/, id));
    });
    const puts = rows.map((Item) => ({ PutRequest: { Item } }));
    await db.send(new BatchWriteCommand({ RequestItems: { [name]: puts } }));
  }
}

/** Settles spans as the reconciler would have done meanwhile. */
async function settle(table: Table, nowMs: number): Promise<void> {
  const progress = new DynamoReviewProgress(table);
  let cursors: Cursors = {};
  const deps = {
    ledgerIndex: new DynamoLedgerIndex(table),
    ledger: new DynamoLedger(table),
    spans: new DynamoSettledSpans(table),
    now: () => nowMs,
  };
  const kept = {
    save: async (now: Cursors) => {
      cursors = now;
    },
  };
  await settleSpans({ ...deps, progress: kept }, cursors, Number.POSITIVE_INFINITY);
  await progress.save({ ...(await progress.read()), ...cursors });
}

/** The CPU time of a process and its children, ms: a tick is 10 ms. */
export async function cpuMsOf(pid: number): Promise<number> {
  let ticks = 0;
  for (const one of await readdir('/proc')) {
    const text = /^\d+$/.test(one) ? await readFile(`/proc/${one}/stat`, 'utf8').catch(() => '') : '';
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (Number(one) === pid || Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}

/** A Mayfly on this machine with many workloads in its ledger. */
export interface FilledMayfly {
  readonly data: string;
  readonly pid: number;
  /** The time from which on it has so many workloads. */
  sinceMs(workloads: number): number;
  /** Ends it and removes its data folder. */
  close(): Promise<void>;
}

/** Starts a Mayfly whose workloads are those of a simulated hour, again and again under other ids, spread over 20 hours. */
export async function filledMayfly(workloads: number): Promise<FilledMayfly> {
  const data = await mkdtemp(join(tmpdir(), 'mayfly-filled-'));
  const child = await started(data);
  const close = async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
    await rm(data, { recursive: true, force: true });
  };
  try {
    const { dynamodb, tableName, credentials } = await readyIn(data);
    const client = new DynamoDBClient({ endpoint: dynamodb, region: 'us-east-1', credentials });
    const startMs = Date.parse('2026-11-20T12:02:00Z');
    const { ledger } = await simulateHours({ startMs, lengthMs: (HOUR_MS * 2) / 3, hosts: 12, startsPerMinute: 9 });
    // Tasks that started later have not ended yet.
    const ended = ledger.records.filter(({ firstReceivedAtMs }) => firstReceivedAtMs < startMs + HOUR_MS / 3);
    const span = { endMs: Date.now(), stepMs: SPAN_MS / workloads };
    const table = openTable(tableName, client);
    // The reconciler must not settle spans that are still being filled.
    const done = { 'settle-26h': span.endMs, 'settle-4h': span.endMs, 'settle-45m': span.endMs };
    await new DynamoReviewProgress(table).save(done);
    await fill(table, ended, workloads, span);
    await settle(table, span.endMs);
    client.destroy();
    const sinceMs = (some: number) => Math.ceil(span.endMs - (some - 0.5) * span.stepMs);
    return { data, pid: child.pid ?? 0, sinceMs, close };
  } catch (error) {
    await close();
    throw error;
  }
}
