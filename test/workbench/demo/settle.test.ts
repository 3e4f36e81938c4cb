import { describe, expect, it, jest } from '@jest/globals';
import { type Settling, settle } from '../../../workbench/demo/settle.ts';

const never = () => new Promise<void>(() => undefined);
const wait = (given: Partial<Settling>) =>
  settle({
    pending: async () => 0,
    idle: async () => undefined,
    limitMs: 60_000,
    signal: new AbortController().signal,
    ...given,
  });

describe('settling pending tasks when a demo is stopped', () => {
  it('ends as soon as every task has its verdict and every queue is empty', async () => {
    const left = [2, 1, 0];
    const pending = jest.fn(async () => left.shift() ?? 0);
    await wait({ pending });
    expect(pending).toHaveBeenCalledTimes(3);
  });

  it.each<[string, Partial<Settling>]>([
    ['a task that stays pending', { pending: async () => 1 }],
    ['an event that keeps failing', { idle: never }],
  ])('does not wait forever for %s', async (_, given) => {
    await expect(wait({ ...given, limitMs: 20 })).resolves.toBeUndefined();
  });

  it('ends at once when it is aborted', async () => {
    const hurry = new AbortController();
    const settled = wait({ pending: async () => 1, idle: never, signal: hurry.signal });
    hurry.abort();
    await expect(settled).resolves.toBeUndefined();
  });
});
