import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OutOfBudget, Spend } from '../../../../lib/core/reconcile/spend.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

let nowMs = T0;
let spend: Spend;
const aSpend = () =>
  new Spend(
    () => nowMs,
    async (ms) => {
      nowMs += ms;
    },
  );
beforeEach(() => {
  nowMs = T0;
  spend = aSpend();
  spend.begin(T0 + MINUTE);
});
const take = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await spend.take('tasks');
};

describe("a sweep's share of the account's bucket", () => {
  it('is a burst of 20, then 4 a second', async () => {
    await take(20);
    expect(nowMs).toBe(T0);
    await take(8);
    expect(nowMs).toBe(T0 + 2 * SECOND);
  });

  it("is never more than a fifth of ECS's limit, for any times of calls", async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(gaps, async (waits) => {
        spend = aSpend();
        spend.begin(nowMs + 60 * MINUTE);
        const atMs: number[] = [];
        for (const wait of waits) {
          nowMs += wait;
          await spend.take('tasks');
          atMs.push(nowMs);
        }
        // Between any two calls there are at most a burst and the tokens added since.
        for (const [first, from] of atMs.entries())
          for (const [last, to] of atMs.entries())
            if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(20 + ((to - from) / 1000) * 4 + 1e-6);
      }),
      { numRuns: 30 },
    );
  });

  it('is drained by retries of the SDK and by concurrent waits', async () => {
    await take(20);
    spend.count('ListTasks', 3, 'tasks');
    await Promise.all([spend.take('tasks'), spend.take('tasks')]);
    expect(spend.calls).toEqual({ ListTasks: 3 });
    await spend.take('tasks');
    // 2 retries and 3 calls: 5 tokens at 4 a second. The fake clock adds up waits that would overlap.
    expect(nowMs).toBeGreaterThanOrEqual(T0 + 1250);
  });

  it('does not fill beyond the burst between sweeps', async () => {
    nowMs += 60 * MINUTE;
    spend.begin(nowMs + MINUTE);
    const from = nowMs;
    await take(20);
    expect(nowMs).toBe(from);
    await spend.take('tasks');
    expect(nowMs).toBe(from + 250);
  });

  it('ends if the wait for the next call would be too long, without waiting', async () => {
    spend.begin(T0 + SECOND);
    await take(23);
    const from = nowMs;
    await expect(spend.take('tasks')).rejects.toThrow(OutOfBudget);
    expect(nowMs).toBe(from);
    expect(spend.isOver).toBe(false);
    nowMs = T0 + SECOND;
    expect(spend.isOver).toBe(true);
  });

  it('ends at the first throttled call, until the next sweep, but not for other kinds of calls', async () => {
    spend.refused('tasks');
    await expect(spend.take('tasks')).rejects.toThrow(OutOfBudget);
    await spend.take('definitions');
    expect([spend.isOver, spend.throttled]).toEqual([false, true]);
    spend.begin(nowMs + MINUTE);
    await spend.take('tasks');
    expect(spend.throttled).toBe(false);
  });

  it('of task definitions is a burst of 10, then 4 a second, without waiting', async () => {
    for (let n = 0; n < 10; n++) await spend.take('definitions');
    await expect(spend.take('definitions')).rejects.toThrow(OutOfBudget);
    expect(nowMs).toBe(T0);
    nowMs += 250;
    await spend.take('definitions');
    await expect(spend.take('definitions')).rejects.toThrow(OutOfBudget);
    await take(20); // another bucket
  });
});

describe('the count of calls', () => {
  it('is by API for one sweep, and includes calls of shared buckets', () => {
    spend.count('ListTasks', 1, 'tasks');
    spend.count('ListTasks', 2, 'tasks');
    spend.count('DescribeInstances', 1);
    expect(spend.calls).toEqual({ ListTasks: 3, DescribeInstances: 1 });
    expect(spend.sharedCalls).toBe(3);
    spend.begin(nowMs + MINUTE);
    expect([spend.calls, spend.sharedCalls]).toEqual([{}, 0]);
  });
});
