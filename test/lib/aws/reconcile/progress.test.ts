import { describe, expect, it } from '@jest/globals';
import { DynamoSweepProgress } from '../../../../lib/aws/reconcile/progress.ts';
import type { SweepProgress, SweepState } from '../../../../lib/core/inventory/inventory.ts';
import { MemorySweepProgress } from '../../../../lib/memory/progress.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

it('the sweep interval is stored with the progress if the reconciler sets it', async () => {
  const table = await aTable();
  const progress = new DynamoSweepProgress(table, { everyMs: 60_000, heldEverySeconds: 1 });
  await progress.begin(T0, T0 + 1);
  await progress.end(T0 + 1, { tasksSinceMs: T0 });
  expect(await new DynamoSweepProgress(table).read()).toEqual({
    tasksSinceMs: T0,
    everyMs: 60_000,
    heldEverySeconds: 1,
  });
});

describe.each([
  ['DynamoDB', async (): Promise<SweepProgress> => new DynamoSweepProgress(await aTable())],
  ['memory', async (): Promise<SweepProgress> => new MemorySweepProgress()],
])('the progress of sweeps, in %s', (_, make) => {
  it('is empty at first, then where the last sweep stopped', async () => {
    const progress = await make();
    expect(await progress.begin(T0, T0 + 1)).toEqual({});
    const states: SweepState[] = [
      { tasksSinceMs: T0, unfinished: { startedAtMs: T0 + 1, at: { cluster: 'c', list: 'STOPPED', from: 'token' } } },
      { beganMs: T0, tasksSinceMs: T0 + 1, instancesSinceMs: T0 },
    ];
    for (const state of states) {
      await progress.end(T0 + 1, state);
      expect(await progress.begin(T0, T0 + 1)).toEqual(state);
    }
  });

  it('is given to one sweep at a time: to one of ten that start together', async () => {
    const progress = await make();
    const untils = Array.from({ length: 10 }, (_, n) => T0 + 45 * SECOND + n);
    const begun = await Promise.all(untils.map((untilMs) => progress.begin(T0, untilMs)));
    expect(begun.filter((state) => state !== undefined)).toEqual([{}]);
  });

  it('is given out again after the deadline of a crashed sweep, which can then change nothing', async () => {
    const progress = await make();
    await progress.begin(T0, T0 + 45 * SECOND);
    expect(await progress.begin(T0 + 45 * SECOND - 1, T0 + 2 * MINUTE)).toBeUndefined();
    expect(await progress.begin(T0 + 45 * SECOND, T0 + 2 * MINUTE)).toEqual({});
    await progress.end(T0 + 45 * SECOND, { tasksSinceMs: 1 });
    expect(await progress.begin(T0 + MINUTE, T0 + 3 * MINUTE)).toBeUndefined();
    await progress.end(T0 + 2 * MINUTE, { tasksSinceMs: 2 });
    expect(await progress.begin(T0 + MINUTE, T0 + 3 * MINUTE)).toEqual({ tasksSinceMs: 2 });
  });
});
