import { describe, expect, it } from '@jest/globals';
import { DynamoSweepProgress } from '../../../lib/aws/progress.ts';
import type { SweepProgress, SweepState } from '../../../lib/core/reconcile/inventory.ts';
import { MemorySweepProgress } from '../../../lib/memory/progress.ts';
import { aTable } from '../../support/dynamodb.ts';
import { T0 } from '../../support/world.ts';

describe.each([
  ['DynamoDB', async (): Promise<SweepProgress> => new DynamoSweepProgress(await aTable())],
  ['memory', async (): Promise<SweepProgress> => new MemorySweepProgress()],
])('how far sweeping has come, in %s', (_, make) => {
  it('is nowhere at first, then where it was left', async () => {
    const progress = await make();
    expect(await progress.read()).toEqual({});
    const states: SweepState[] = [
      { tasksSinceMs: T0, left: { startedAtMs: T0 + 1, at: { cluster: 'c', list: 'STOPPED', from: 'token' } } },
      { tasksSinceMs: T0 + 1, instancesSinceMs: T0 },
    ];
    for (const state of states) {
      await progress.save(state);
      expect(await progress.read()).toEqual(state);
    }
  });
});
