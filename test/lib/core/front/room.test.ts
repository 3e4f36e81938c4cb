import { describe, expect, it } from '@jest/globals';
import { Room } from '../../../../lib/core/front/room.ts';

describe('a room', () => {
  it('lets its users in, in order, as far as there is room, and each that waits once others leave', async () => {
    const room = new Room(2);
    const entered: number[] = [];
    const leave = [1, 1, 2, 1].map(async (units, n) => {
      const given = await room.take(units);
      entered.push(n);
      return given;
    });
    const first = await leave[0];
    const second = await leave[1];
    expect(entered).toEqual([0, 1]);
    second?.();
    await Promise.resolve();
    expect(entered).toEqual([0, 1]); // the third needs the whole room, and the fourth does not overtake it
    first?.();
    const third = await leave[2];
    expect(entered).toEqual([0, 1, 2]);
    third?.();
    await leave[3];
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it('gives all of itself to one that wants more', async () => {
    const room = new Room(2);
    const leave = await room.take(5);
    expect(room.tryTake(1)).toBe(false);
    leave();
    expect(room.tryTake(2)).toBe(true);
  });
});
