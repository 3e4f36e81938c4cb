import { expect, it } from '@jest/globals';
import { within } from '../../../lambdas/last-gasp/time-limit.ts';

const HOUR_MS = 3_600_000;

it('work that finishes in time returns its result, and leaves no timer', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  expect(await within(HOUR_MS, Promise.resolve('done'))).toBe('done');
  await expect(within(HOUR_MS, Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(timers()).toBe(before);
});

it.each([0, -1])('work that exceeds its limit returns nothing, and continues: %i ms', async (ms) => {
  let finish = (_: string): void => {};
  const work = new Promise<string>((resolve) => {
    finish = resolve;
  });
  expect(await within(ms, work)).toBeUndefined();
  finish('late');
  expect(await work).toBe('late');
});
