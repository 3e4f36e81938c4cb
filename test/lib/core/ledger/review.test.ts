import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ADVICE, ON_FARGATE } from '../../../../lib/core/ledger/advice.ts';
import { type CoverageEvent, type ReviewDeps, review, reviewAfterEnd } from '../../../../lib/core/ledger/review.ts';
import type { Cursors } from '../../../../lib/core/ledger/review-progress.ts';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import type { Verdict, WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { MemoryLedger } from '../../../../lib/memory/ledger.ts';
import { aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { MemorySpans } from '../../../support/memory-spans.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const HOUR = 60 * MINUTE;
/** A time far in the future. */
const UNBOUNDED = Number.POSITIVE_INFINITY;

/** The ports of a review, in memory; each can be made to fail once. */
class Desk implements ReviewDeps {
  nowMs = T0;
  readonly ledger = new MemoryLedger();
  readonly spans = new MemorySpans();
  readonly put: CoverageEvent[] = [];
  readonly reports: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  cursors: Cursors = {};
  /** Names of the ports that fail, each once. */
  readonly failing = new Set<'events' | 'progress'>();
  readonly now = (): number => this.nowMs;
  readonly report: ReviewDeps['report'] = (event, fields) => void this.reports.push({ event, fields });
  readonly events = {
    put: async (events: readonly CoverageEvent[]) => {
      if (this.failing.delete('events')) throw new Error('the bus is away');
      this.put.push(...events);
    },
  };
  readonly progress = {
    read: async () => this.cursors,
    save: async (cursors: Cursors) => {
      if (this.failing.delete('progress')) throw new Error('the table is away');
      this.cursors = cursors;
    },
  };
  readonly ledgerIndex = {
    between: (fromMs: number, toMs: number) => this.#between(fromMs, toMs),
    due: (nowMs: number) => this.ledger.due(nowMs),
  };

  async *#between(fromMs: number, toMs: number): AsyncGenerator<WorkloadRecord> {
    for (const record of this.ledger.records)
      if (record.firstReceivedAtMs >= fromMs && record.firstReceivedAtMs <= toMs) yield record;
  }

  /** Reviews every minute until this much time has passed. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs += MINUTE;
      await review(this, UNBOUNDED);
    }
  }

  /** Task n, which starts now and has queries; answers are awaited for this long. */
  async start(n: number, settleAfterMs = 10 * MINUTE): Promise<string> {
    const snapshot = aSnapshot(n, {
      occurredAtMs: this.nowMs,
      receivedAtMs: this.nowMs,
      identity: { cluster: 'prod' },
    });
    await this.ledger.advance(snapshot);
    const settleByMs = this.nowMs + settleAfterMs;
    await this.ledger.markHandled(taskArn(n), 1, { host: 'h1', enrolled: true, queryKeys: [], settleByMs });
    return taskArn(n);
  }

  async see(n: number, how: 'live' | 'postMortem' = 'live'): Promise<void> {
    await recordSighting(this.ledger, taskArn(n), aSighting([], [], this.nowMs, { [how]: [dockerId(n)] }));
  }

  of = (event: string) => this.reports.filter((one) => one.event === event).map(({ fields }) => fields);
  sum = (event: string, field: string): number =>
    this.of(event).reduce((sum, fields) => sum + Number(fields[field]), 0);
}

/** A review that has run before, so that it covers what happens now. */
async function aDesk(): Promise<Desk> {
  const desk = new Desk();
  await review(desk, UNBOUNDED);
  return desk;
}

describe('the review', () => {
  it('publishes a miss once, when no answer is awaited any more, with reason and advice', async () => {
    const desk = await aDesk();
    desk.nowMs += SECOND;
    const workload = await desk.start(1);
    await desk.pass(14 * MINUTE);
    expect([desk.put, desk.reports]).toEqual([[], []]);
    await desk.pass(26 * HOUR);
    expect(desk.put).toEqual([
      {
        workload,
        kind: 'ecs-task',
        verdict: 'missed',
        reason: 'agent-silent',
        advice: ADVICE['agent-silent'],
        cluster: 'prod',
        host: 'h1',
        firstEventAt: '2026-11-20T10:15:01.000Z',
      },
    ]);
    expect(desk.of('verdicts_recorded')).toEqual([
      { cluster: 'prod', verdict: 'missed', reason: 'agent-silent', count: 1 },
    ]);
    expect(desk.of('review_done')).toEqual([{ judged: 1, covered: 0 }]);
    expect(desk.ledger.record(workload)?.recordedVerdict).toMatchObject({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('publishes a task that no agent could see, without counting it for coverage', async () => {
    const desk = await aDesk();
    for (const [n, identity] of [
      [1, {}],
      [2, { container_instance: 'arn:1' }],
    ] as const) {
      await desk.ledger.advance(aSnapshot(n, { identity }));
      await desk.ledger.markHandled(taskArn(n), 1, { enrolled: false, queryKeys: [], settleByMs: 0 });
    }
    await desk.pass(HOUR);
    expect(desk.put).toMatchObject([{ reason: 'no-host' }, { reason: 'no-host' }]);
    expect(desk.sum('verdicts_recorded', 'count')).toBe(2);
    expect(desk.of('review_done')).toEqual([{ judged: 1, covered: 0 }]);
  });

  it('publishes a workload that ends after its last review, and one without any further sign', async () => {
    const desk = await aDesk();
    const unasked = { host: 'h1', enrolled: true, queryKeys: [], settleByMs: 0 };
    for (const n of [1, 2]) {
      await desk.ledger.advance(aSnapshot(n));
      await desk.ledger.markHandled(taskArn(n), 1, unasked);
    }
    for (let hours = 0; hours < 40; hours += 1) {
      await desk.pass(HOUR);
      const [one] = await desk.ledger.read([taskArn(1)]);
      if (one) await desk.ledger.recordAlive(one, desk.nowMs); // as a sweep does
    }
    expect(desk.put).toMatchObject([{ workload: taskArn(2), reason: 'lost-track' }]);
    const stopped = { version: 2, stopped: true, lastStatus: 'STOPPED', receivedAtMs: desk.nowMs };
    await desk.ledger.advance(aSnapshot(1, stopped));
    await desk.ledger.markHandled(taskArn(1), 2, unasked);
    await desk.pass(25 * HOUR);
    expect(desk.put).toMatchObject([{ workload: taskArn(2) }, { workload: taskArn(1), reason: 'not-asked' }]);
    expect(desk.of('review_done')).toHaveLength(2);
  });

  it('gives separate advice for Fargate', async () => {
    const desk = await aDesk();
    desk.nowMs += SECOND;
    await desk.ledger.advance(
      aSnapshot(1, { receivedAtMs: desk.nowMs, identity: { cluster: 'prod', launch_type: 'FARGATE' } }),
    );
    await desk.ledger.markHandled(taskArn(1), 1, { enrolled: false, queryKeys: [], settleByMs: 0 });
    await desk.pass(26 * HOUR);
    expect(desk.put).toMatchObject([{ reason: 'no-host', advice: ON_FARGATE['no-host'] }]);
  });

  it('reviews due workloads once, even if earlier reviews ran out of time', async () => {
    const desk = await aDesk();
    await desk.ledger.advance(aSnapshot(1));
    await desk.ledger.markHandled(taskArn(1), 1, { host: 'h1', enrolled: true, queryKeys: [], settleByMs: 0 });
    await desk.ledger.scheduleReview(taskArn(1), desk.nowMs);
    const due = async () => {
      let rows = 0;
      for await (const records of desk.ledger.due(UNBOUNDED)) {
        rows += records.length;
        break; // and does not review them
      }
      return rows;
    };
    for (let n = 0; n < 5; n += 1) await review(desk, desk.nowMs); // no time at all
    expect(await due()).toBe(1);
    await review(desk, UNBOUNDED);
    expect(await due()).toBe(1); // tomorrow
  });

  it('corrects a miss of a workload that ended late and was seen after all', async () => {
    const desk = await aDesk();
    await desk.ledger.advance(aSnapshot(1));
    desk.nowMs += 30 * HOUR;
    const end = aSnapshot(1, { version: 2, stopped: true, lastStatus: 'STOPPED', receivedAtMs: desk.nowMs });
    const record = await desk.ledger.advance(end);
    if (record) await reviewAfterEnd(record, desk.nowMs + HOUR, desk);
    await desk.ledger.markHandled(taskArn(1), 2, {
      host: 'h1',
      enrolled: true,
      queryKeys: [],
      settleByMs: desk.nowMs + HOUR,
    });
    await desk.pass(2 * HOUR);
    expect(desk.put).toMatchObject([{ verdict: 'missed' }]);
    await desk.see(1, 'postMortem');
    await desk.pass(25 * HOUR);
    expect(desk.put).toMatchObject([{ verdict: 'missed' }, { verdict: 'post-mortem', reason: null }]);
  });

  it('counts a seen workload, without an event', async () => {
    const desk = await aDesk();
    for (const n of [1, 2, 3]) await desk.start(n);
    await desk.see(1);
    await desk.see(2);
    await desk.see(3, 'postMortem');
    await desk.pass(26 * HOUR);
    expect(desk.put).toEqual([]);
    expect(desk.of('verdicts_recorded')).toEqual([
      { cluster: 'prod', verdict: 'seen', reason: null, count: 2 },
      { cluster: 'prod', verdict: 'post-mortem', reason: null, count: 1 },
    ]);
    expect(desk.of('review_done')).toEqual([{ judged: 3, covered: 3 }]);
  });

  it('waits for an answer that can still arrive, and reviews again after 4 hours', async () => {
    const desk = await aDesk();
    await desk.start(1, 3 * HOUR);
    await desk.pass(3 * HOUR + 50 * MINUTE);
    expect(desk.reports).toEqual([]);
    await desk.pass(20 * MINUTE);
    expect(desk.put).toMatchObject([{ verdict: 'missed' }]);
  });

  it('corrects a miss that was seen after all, without counting the workload twice', async () => {
    const desk = await aDesk();
    await desk.start(1);
    await desk.pass(20 * MINUTE);
    await desk.see(1, 'postMortem');
    await desk.pass(26 * HOUR);
    expect(desk.put).toMatchObject([
      { verdict: 'missed', reason: 'agent-silent' },
      { verdict: 'post-mortem', reason: null, advice: null },
    ]);
    expect([desk.sum('review_done', 'judged'), desk.sum('review_done', 'covered')]).toEqual([1, 0]);
  });

  it('does not count a workload that never started', async () => {
    const desk = await aDesk();
    await desk.ledger.advance(aSnapshot(1, { stopped: true, lastStatus: 'STOPPED', subjects: [] }));
    await desk.pass(20 * MINUTE);
    expect(desk.of('verdicts_recorded')).toMatchObject([{ verdict: 'never-started', count: 1 }]);
    expect(desk.of('review_done')).toEqual([]);
  });

  it('neither counts an ignored instance nor publishes an event for it', async () => {
    const desk = await aDesk();
    const identity = { 'tag:mayfly:ignore': 'true' };
    await desk.ledger.advance(aSnapshot(1, { workload: 'i-1', kind: 'ec2-instance', subjects: ['i-1'], identity }));
    const settleByMs = desk.nowMs + 10 * MINUTE;
    await desk.ledger.markHandled('i-1', 1, { host: 'i-1', enrolled: false, queryKeys: [], settleByMs });
    await desk.pass(26 * HOUR);
    expect(desk.of('verdicts_recorded')).toEqual([{ cluster: null, verdict: 'ignored', reason: null, count: 1 }]);
    expect([desk.of('review_done'), desk.put]).toEqual([[], []]);
  });

  it('skips workloads from before the first review', async () => {
    const desk = new Desk();
    await desk.start(1);
    desk.nowMs += HOUR;
    await desk.pass(2 * HOUR);
    expect(desk.reports).toEqual([]);
    await desk.pass(3 * HOUR); // at the age of 4 h it no longer counts as older than the first review
    expect(desk.put).toHaveLength(1);
  });

  it('continues at the present after a clock that was days ahead', async () => {
    const desk = await aDesk();
    desk.nowMs += 72 * HOUR;
    await review(desk, UNBOUNDED);
    desk.nowMs -= 72 * HOUR;
    await review(desk, UNBOUNDED);
    await desk.start(1);
    await desk.pass(HOUR);
    expect(desk.put.map(({ workload }) => workload)).toEqual([taskArn(1)]);
  });

  it('ends when its time is over, and continues there next time', async () => {
    const desk = await aDesk();
    for (let n = 1; n <= 30; n += 1) {
      desk.nowMs += MINUTE;
      await desk.start(n);
    }
    desk.nowMs += HOUR;
    const between = desk.ledgerIndex.between;
    desk.ledgerIndex.between = (...span) => {
      desk.nowMs += MINUTE; // a slow table
      return between(...span);
    };
    await review(desk, desk.nowMs + 7 * MINUTE);
    const first = desk.put.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(30);
    for (let again = 0; again < 10; again += 1) await review(desk, desk.nowMs + 7 * MINUTE);
    expect(desk.put.map(({ workload }) => workload)).toEqual(Array.from({ length: 30 }, (_, n) => taskArn(n + 1)));
  });

  it('loses no miss if the bus fails: the next review publishes it', async () => {
    const desk = await aDesk();
    await desk.start(1);
    await desk.pass(14 * MINUTE);
    desk.failing.add('events');
    desk.nowMs += MINUTE;
    await expect(review(desk, UNBOUNDED)).rejects.toThrow('the bus is away');
    expect(desk.ledger.record(taskArn(1))?.recordedVerdict).toBeUndefined();
    await desk.pass(MINUTE);
    expect([desk.put.length, desk.of('review_done')]).toEqual([1, [{ judged: 1, covered: 0 }]]);
  });

  it("repeats an event rather than losing it if it dies before the ledger's write, and counts once", async () => {
    const desk = await aDesk();
    await desk.start(1);
    await desk.pass(14 * MINUTE);
    const tell = desk.ledger.recordVerdict.bind(desk.ledger);
    desk.ledger.recordVerdict = async () => {
      desk.ledger.recordVerdict = tell;
      throw new Error('died');
    };
    desk.nowMs += MINUTE;
    await expect(review(desk, UNBOUNDED)).rejects.toThrow('died');
    await desk.pass(26 * HOUR);
    expect(desk.put.map(({ workload, verdict }) => [workload, verdict])).toEqual([
      [taskArn(1), 'missed'],
      [taskArn(1), 'missed'],
    ]);
    expect(desk.sum('verdicts_recorded', 'count')).toBe(1);
  });
});

interface Life {
  readonly startsAfterMin: number;
  readonly settlesAfterMin: number;
  readonly seen: { readonly afterMin: number; readonly how: 'live' | 'postMortem' } | null;
}

/** What happens to a task in this minute. */
async function happens({ startsAfterMin, settlesAfterMin, seen }: Life, n: number, minute: number, desk: Desk) {
  if (startsAfterMin === minute) await desk.start(n, settlesAfterMin * MINUTE);
  if (seen && startsAfterMin + seen.afterMin === minute) await desk.see(n, seen.how);
}

/** Checks that a task's recorded verdict is its present one, and that its last event is about a miss only if it is missed. */
function expectPublished(n: number, desk: Desk): void {
  const record = desk.ledger.record(taskArn(n)) as WorkloadRecord;
  const verdict: Verdict = verdictOf(record, desk.nowMs);
  expect(record.recordedVerdict).toEqual(verdict);
  const last = desk.put.findLast(({ workload }) => workload === taskArn(n));
  if (verdict.verdict === 'missed') expect(last).toMatchObject({ verdict: 'missed', reason: verdict.reason });
  else expect(last?.verdict).not.toBe('missed');
}

describe('after a day and two hours', () => {
  const life = fc.record({
    startsAfterMin: fc.nat({ max: 90 }),
    settlesAfterMin: fc.nat({ max: 200 }),
    seen: fc.option(
      fc.record({ afterMin: fc.nat({ max: 300 }), how: fc.constantFrom('live' as const, 'postMortem' as const) }),
    ),
  });
  const trouble = fc.array(
    fc.record({ atMin: fc.nat({ max: 400 }), port: fc.constantFrom('events' as const, 'progress' as const) }),
    { maxLength: 12 },
  );

  it('every verdict is published, every miss has an event, and every task counts once, whatever failed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 12 }), trouble, async (lives, troubles) => {
        const desk = await aDesk();
        const pass = async (minute: number) => {
          desk.nowMs = T0 + minute * MINUTE;
          for (const [n, one] of lives.entries()) await happens(one, n, minute, desk);
          for (const { port } of troubles.filter(({ atMin }) => atMin === minute)) desk.failing.add(port);
          await review(desk, UNBOUNDED).catch(() => undefined);
        };
        for (let minute = 0; minute < 28 * 60; minute += minute < 400 ? 1 : 60) await pass(minute);
        for (const n of lives.keys()) expectPublished(n, desk);
        expect(desk.sum('review_done', 'judged')).toBe(lives.length);
      }),
      { numRuns: scaled(20) },
    );
  });
});
