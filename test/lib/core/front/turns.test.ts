import { describe, expect, it } from '@jest/globals';
import { Turns } from '../../../../lib/core/front/turns.ts';

describe('turns', () => {
  it('run as many tasks at a time as allowed, the others in order, even after a failure', async () => {
    const turns = new Turns(2);
    const began: number[] = [];
    const ends: ((failed: boolean) => void)[] = [];
    const outcomes = [0, 1, 2, 3].map((n) =>
      turns
        .run(() => {
          began.push(n);
          return new Promise<number>((resolve, reject) => {
            ends[n] = (failed) => (failed ? reject(new Error(`${n} failed`)) : resolve(n));
          });
        })
        .catch((error: Error) => error.message),
    );
    expect(began).toEqual([0, 1]);
    ends[1]?.(true);
    expect(await outcomes[1]).toBe('1 failed');
    expect(began).toEqual([0, 1, 2]);
    ends[0]?.(false);
    expect(await outcomes[0]).toBe(0);
    expect(began).toEqual([0, 1, 2, 3]);
    for (const end of ends) end(false);
    expect(await Promise.all(outcomes)).toEqual([0, '1 failed', 2, 3]);
  });
});
