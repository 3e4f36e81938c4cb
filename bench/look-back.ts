/**
 * Measures questions about many workloads on this machine: the CPU of the command, and beside it the CPU of the local Mayfly and
 * its embedded DynamoDB, which serve the reads. The workloads are those of a simulated hour, again and again under other ids.
 * Reads /proc, so it needs Linux.
 *
 *   node --import tsx bench/look-back.ts [workloads] [questions]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { DAY_SHARDS, dayOf } from '../lib/aws/ledger.ts';
import { pack } from '../lib/aws/packed.ts';
import { openTable, type Table } from '../lib/aws/table.ts';
import { readyIn } from '../lib/cli/deployment/local-mayfly.ts';
import type { WorkloadRecord } from '../lib/core/ledger/workload.ts';
import { simulateHours } from '../scripts/pictured-hours.ts';

const WORKLOADS = Number(argv[2] ?? 10_000);
const QUESTIONS = Number(argv[3] ?? 3);
const HOUR_MS = 3_600_000;
const ASKED: readonly (readonly string[])[] = [
  ['--version'],
  ['tasks', '--verdict', 'missed', '--limit', '100000', '--json'],
  ['tasks', '--limit', '20', '--json'],
  ['coverage', '--json'],
  ['missed', '--json'],
  ['mtta', '--json'],
];
/** Prints the CPU time of the process that loads it, user and system, in ms. */
const METER =
  "data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const{user,system}=process.cpuUsage();writeSync(3,(user/1000)+' '+(system/1000))})";

const mayfly = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['bin/mayfly.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function started(data: string): Promise<ChildProcess> {
  const child = mayfly('local', '--json', '--no-demo', '--port', '0', '--data', data);
  if (child.stdout) for await (const _ of createInterface({ input: child.stdout })) return child;
  throw new Error('mayfly local ended before it was ready');
}

/** The row of a record, as the functions write it. */
function rowOf(record: WorkloadRecord, workload: string, shiftMs: number) {
  const { handling, seenLive, seenPostMortem, closed, troubles, lateQueries, lastGasps, facts, ...rest } = record;
  const { workload: _, version, kind, versionStep, lastStatus, desiredStatus, stopped, subjects, containers } = rest;
  const { identity, times, occurredAtMs, receivedAtMs, detectedBy } = rest;
  const snapshot = { kind, version, versionStep, lastStatus, desiredStatus, stopped, subjects, containers, identity };
  const firstReceivedAtMs = rest.firstReceivedAtMs + shiftMs;
  const shard = (createHash('sha256').update(workload).digest()[0] ?? 0) % DAY_SHARDS;
  const setOf = (members: readonly string[]) => (members.length > 0 ? new Set(members) : undefined);
  return {
    pk: `WORKLOAD#${workload}`,
    sk: '#ledger',
    day: dayOf(firstReceivedAtMs, shard),
    firstReceivedAtMs,
    snapshot: pack({ workload, ...snapshot, times, occurredAtMs, receivedAtMs, detectedBy }),
    version,
    handledVersion: rest.handledVersion,
    handling: handling && pack(handling),
    firstEventAtMs: rest.firstEventAtMs + shiftMs,
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

async function fill({ db, name }: Table, records: readonly WorkloadRecord[]): Promise<void> {
  const endMs = Date.now();
  const stepMs = (20 * HOUR_MS) / WORKLOADS;
  for (let from = 0; from < WORKLOADS; from += 25) {
    const rows = Array.from({ length: Math.min(25, WORKLOADS - from) }, (_, at) => {
      const record = records[(from + at) % records.length];
      if (!record) throw new Error('the simulated hour had no workloads');
      const id = createHash('sha256')
        .update(`${from + at}`)
        .digest('hex')
        .slice(0, 32);
      const shiftMs = endMs - (from + at) * stepMs - record.firstReceivedAtMs;
      return rowOf(record, record.workload.replace(/[0-9a-f]{17,}$/, id), Math.round(shiftMs));
    });
    const puts = rows.map((Item) => ({ PutRequest: { Item } }));
    await db.send(new BatchWriteCommand({ RequestItems: { [name]: puts } }));
  }
}

/** The CPU time of a process and its children, ms: a tick is 10 ms. */
async function cpuMsOf(pid: number): Promise<number> {
  let ticks = 0;
  for (const one of await readdir('/proc')) {
    const text = /^\d+$/.test(one) ? await readFile(`/proc/${one}/stat`, 'utf8').catch(() => '') : '';
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (Number(one) === pid || Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}

interface Asked {
  readonly userMs: number;
  readonly systemMs: number;
  readonly wallMs: number;
  readonly bytes: number;
}

async function ask(args: readonly string[], data: string): Promise<Asked> {
  const startedAtMs = performance.now();
  const where = args[0] === '--version' ? [] : ['--data', data];
  const child = spawn(process.execPath, ['--import', METER, 'bin/mayfly.js', ...args, ...where], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  let [bytes, measured] = [0, ''];
  child.stdout?.on('data', (part: Buffer) => (bytes += part.length));
  child.stdio[3]?.on('data', (part: Buffer) => (measured += part));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`mayfly ${args.join(' ')} ended with ${code}`);
  const [userMs = 0, systemMs = 0] = measured.split(' ').map(Number);
  return { userMs, systemMs, wallMs: performance.now() - startedAtMs, bytes };
}

const data = await mkdtemp(join(tmpdir(), 'mayfly-look-back-'));
const child = await started(data);
try {
  const { dynamodb, tableName, credentials } = await readyIn(data);
  const client = new DynamoDBClient({ endpoint: dynamodb, region: 'us-east-1', credentials });
  const { ledger } = await simulateHours({
    startMs: Date.parse('2026-11-20T12:02:00Z'),
    lengthMs: HOUR_MS / 3,
    hosts: 12,
    startsPerMinute: 9,
  });
  await fill(openTable(tableName, client), ledger.records);
  client.destroy();
  for (const args of ASKED) {
    const all: (Asked & { readonly servedMs: number })[] = [];
    for (let n = 0; n < QUESTIONS; n++) {
      const before = await cpuMsOf(child.pid ?? 0);
      const asked = await ask(args, data);
      all.push({ ...asked, servedMs: (await cpuMsOf(child.pid ?? 0)) - before });
    }
    const least = (of: (one: (typeof all)[number]) => number): string => (Math.min(...all.map(of)) / 1000).toFixed(2);
    console.log(
      `${args.join(' ').padEnd(50)} command ${least(({ userMs }) => userMs)} s user + ${least(({ systemMs }) => systemMs)} s system; ` +
        `Mayfly and table ${least(({ servedMs }) => servedMs)} s; wall ${least(({ wallMs }) => wallMs)} s; ${all[0]?.bytes} bytes`,
    );
  }
} finally {
  child.kill('SIGINT');
  await once(child, 'exit');
  await rm(data, { recursive: true, force: true });
}
