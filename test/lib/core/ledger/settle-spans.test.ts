import { describe, expect, it } from '@jest/globals';
import { lifeOf } from '../../../../lib/cli/console/life.ts';
import { coverageOf } from '../../../../lib/core/ledger/coverage.ts';
import { mttaOf } from '../../../../lib/core/ledger/mtta.ts';
import type { Cursors } from '../../../../lib/core/ledger/review-progress.ts';
import {
  hasSettled,
  type SettleDeps,
  SPAN_MS,
  settleSpans,
  shortened,
} from '../../../../lib/core/ledger/settle-spans.ts';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { MemoryLedger } from '../../../../lib/memory/ledger.ts';
import { simulateHours } from '../../../../scripts/pictured-hours.ts';
import { aRecord, aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { MemorySpans } from '../../../support/memory-spans.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const HOUR = 60 * MINUTE;
const UNBOUNDED = Number.POSITIVE_INFINITY;
const BEGIN = Math.floor(T0 / SPAN_MS) * SPAN_MS;

describe('a settled workload', () => {
  const ended = (record: Partial<WorkloadRecord>) => aRecord({ stopped: true, lastStatus: 'STOPPED', ...record });
  const ageOf = (record: WorkloadRecord) => {
    for (const hours of [0, 2, 3, 24, 25, 1000])
      if (hasSettled(record, record.lastSignAtMs + hours * HOUR)) return hours;
    return undefined;
  };

  it('was seen and has stopped', () => {
    expect(ageOf(ended({ seenLive: ['a', 'b'] }))).toBe(0);
    expect(ageOf(aRecord({ seenLive: ['a', 'b'] }))).toBeUndefined(); // it runs: an event will change it
  });

  it('is any other that has stopped, once no late answer can come', () => {
    expect(ageOf(ended({ seenPostMortem: ['a', 'b'] }))).toBe(3);
    expect(ageOf(ended({ subjects: [] }))).toBe(25);
    expect(ageOf(ended({}))).toBe(25);
    const awaited = ended({ handling: { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 + 900 * HOUR } });
    expect(ageOf(awaited)).toBe(1000);
  });
});

describe('a shortened record', () => {
  it('has the verdict, the clocks and the life of the whole one', async () => {
    const startMs = Date.parse('2026-11-20T12:00:00Z');
    const { ledger } = await simulateHours({ startMs, lengthMs: HOUR / 4, hosts: 4, startsPerMinute: 4 });
    const nowMs = startMs + 30 * HOUR;
    const settled = ledger.records.filter((record) => hasSettled(record, nowMs));
    expect(new Set(settled.map((record) => verdictOf(record, nowMs).verdict)).size).toBeGreaterThan(2);
    const short = settled.map(shortened);
    expect(JSON.stringify(short).length).toBeLessThan(JSON.stringify(settled).length / 2);
    expect(short.map((one) => lifeOf(one, nowMs))).toEqual(settled.map((one) => lifeOf(one, nowMs)));
    expect(await coverageOf(short, nowMs)).toEqual(await coverageOf(settled, nowMs));
    const mtta = (records: WorkloadRecord[]) => mttaOf(records, [], [], { sweepEveryMs: MINUTE });
    expect(await mtta(short)).toEqual(await mtta(settled));
  });
});

/** The ports of the passes, in memory. */
class Desk implements SettleDeps {
  nowMs = BEGIN;
  cursors: Cursors = {};
  readonly ledger = new MemoryLedger();
  readonly spans = new MemorySpans();
  readonly listed: number[] = [];
  readonly now = () => this.nowMs;
  readonly progress = {
    save: async (cursors: Cursors) => {
      this.cursors = cursors;
    },
  };
  readonly ledgerIndex = { between: (fromMs: number, toMs: number) => this.#between(fromMs, toMs) };

  async *#between(fromMs: number, toMs: number): AsyncGenerator<WorkloadRecord> {
    this.listed.push(fromMs);
    for (const record of this.ledger.records)
      if (record.firstReceivedAtMs >= fromMs && record.firstReceivedAtMs <= toMs) yield record;
  }

  async advance(n: number, atMs: number, stopped = false): Promise<void> {
    const lastStatus = stopped ? 'STOPPED' : 'RUNNING';
    const times = { occurredAtMs: atMs, receivedAtMs: atMs };
    await this.ledger.advance(aSnapshot(n, { version: stopped ? 2 : 1, lastStatus, stopped, ...times }));
    const settleByMs = atMs + 10 * MINUTE;
    await this.ledger.markHandled(taskArn(n), stopped ? 2 : 1, {
      host: 'h',
      enrolled: true,
      queryKeys: [],
      settleByMs,
    });
  }

  see = (n: number) => recordSighting(this.ledger, taskArn(n), aSighting([dockerId(n)], [], this.nowMs));

  async pass(atMs: number, untilMs = UNBOUNDED): Promise<void> {
    this.nowMs = atMs;
    await settleSpans(this, this.cursors, untilMs);
  }

  /** Of a span: numbers of settled tasks and of open ones. */
  tasksIn(spanMs: number) {
    const { settled = [], open = [] } = this.spans.saved.get(spanMs) ?? {};
    return { settled: settled.map(({ workload }) => workload), open };
  }
}

describe('the passes over spans', () => {
  it('keep settled workloads of 45 minutes ago together, and add others when they have settled', async () => {
    const desk = new Desk();
    for (const n of [1, 2, 3]) await desk.advance(n, BEGIN + n);
    await desk.advance(4, BEGIN + SPAN_MS);
    for (const n of [1, 2]) await desk.see(n);
    await desk.advance(1, BEGIN + MINUTE, true);
    await desk.advance(3, BEGIN + MINUTE, true);
    await desk.pass(BEGIN + 49 * MINUTE);
    expect(desk.tasksIn(BEGIN)).toEqual({ settled: [], open: [] });
    await desk.pass(BEGIN + 50 * MINUTE);
    expect(desk.tasksIn(BEGIN)).toEqual({ settled: [1].map(taskArn), open: [2, 3].map(taskArn) });
    expect(desk.spans.saved.has(BEGIN + SPAN_MS)).toBe(false);
    await desk.advance(2, BEGIN + HOUR, true);
    await desk.pass(BEGIN + 4 * HOUR + SPAN_MS);
    expect(desk.tasksIn(BEGIN)).toEqual({ settled: [1, 2].map(taskArn), open: [3].map(taskArn) });
    await desk.pass(BEGIN + 26 * HOUR + SPAN_MS);
    expect(desk.tasksIn(BEGIN)).toEqual({ settled: [1, 2, 3].map(taskArn), open: [] });
    expect(desk.tasksIn(BEGIN + SPAN_MS).open).toEqual([taskArn(4)]);
    expect(desk.listed.filter((spanMs) => spanMs === BEGIN)).toEqual([BEGIN]); // later passes read only open workloads
  });

  it('begin a day back, go on where their time ended, and do no span twice', async () => {
    const desk = new Desk();
    await desk.advance(1, BEGIN + 4 * HOUR);
    const between = desk.ledgerIndex.between;
    desk.ledgerIndex.between = (...span) => {
      desk.nowMs += 1000; // a slow table
      return between(...span);
    };
    const nowMs = BEGIN + 30 * HOUR;
    for (let n = 0; n < 10; n += 1) await desk.pass(nowMs, nowMs + 60_000);
    const [, ...spans] = desk.listed; // the first one looks for the first workload
    expect(spans[0]).toBe(nowMs - 26 * HOUR);
    expect(spans.at(-1)).toBe(nowMs - 45 * MINUTE - SPAN_MS);
    expect(new Set(spans).size).toBe(spans.length);
    expect(spans.length).toBe((25.25 * HOUR) / SPAN_MS);
  });

  it('begin with the first workload: a new deployment has no span to read', async () => {
    const desk = new Desk();
    await desk.pass(BEGIN);
    expect(desk.listed).toEqual([BEGIN - 26 * HOUR]);
    const upgraded = new Desk();
    await upgraded.advance(1, BEGIN);
    await upgraded.pass(BEGIN + 60 * MINUTE);
    expect([...upgraded.spans.saved.keys()]).toEqual([BEGIN, BEGIN + SPAN_MS, BEGIN + 2 * SPAN_MS]);
  });

  it('continue at the present after a clock that was days ahead', async () => {
    const desk = new Desk();
    await desk.pass(BEGIN + 90 * HOUR);
    await desk.pass(BEGIN);
    await desk.advance(1, BEGIN);
    await desk.pass(BEGIN + 50 * MINUTE);
    expect(desk.tasksIn(BEGIN).open).toEqual([taskArn(1)]);
  });

  it('leave out a span with more open workloads than an item can name', async () => {
    const desk = new Desk();
    for (let n = 0; n <= 5_000; n += 1)
      await desk.ledger.advance(aSnapshot(n, { receivedAtMs: BEGIN, occurredAtMs: BEGIN }));
    await desk.pass(BEGIN + 55 * MINUTE);
    expect(desk.spans.saved.has(BEGIN)).toBe(false);
    expect(desk.spans.saved.has(BEGIN + SPAN_MS)).toBe(true);
  });
});
