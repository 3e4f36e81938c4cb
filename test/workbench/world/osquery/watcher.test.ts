import { describe, expect, it } from '@jest/globals';
import type { FlagValues } from '../../../../workbench/world/index.ts';
import { aWorld, MINUTE, SECOND, type World } from '../world.ts';

/** When the agent fetched its configuration, in ms. The fetch is the first thing a worker with a key does. */
const starts = ({ server }: World) => server.to('config').map(({ atMs }) => atMs);

describe('a worker that died', () => {
  it("is replaced at the watcher's next check, at most 3 s later", async () => {
    const world = aWorld();
    world.agent.start();
    await world.clock.advance(MINUTE + 1300);
    world.agent.crash();
    await world.clock.advance(10 * SECOND);
    const [first = 0, second = 0, ...more] = starts(world);
    expect(second - first).toBe(63 * SECOND);
    expect(more).toEqual([]);
  });

  it('within 4 s of its start is replaced after 5 s and more, and the fifth one ends osqueryd', async () => {
    const world = aWorld();
    world.server.on('config', '"a bare text"');
    world.agent.start();
    await world.clock.advance(5 * MINUTE);
    const [first = 0, ...others] = starts(world);
    expect(others.map((atMs) => (atMs - first) / SECOND)).toEqual([10, 22, 38, 62]);
    expect(world.happened('exited')).toMatchObject([{ code: 1 }]);
  });
});

describe('the watchdog', () => {
  /** Memory limit in MiB. */
  const LIMIT = 1;
  const large = (mebibytes: number) => `SELECT hex(zeroblob(${(mebibytes / 2) * 1024 * 1024})) AS x`;

  async function afterAnswer(sql: string, flags: Partial<FlagValues> = {}) {
    const world = aWorld({ flags: { watchdog_memory_limit: LIMIT, distributed_interval: 10, ...flags } });
    world.server.on('write', { error: 'later' });
    world.agent.start();
    await world.clock.advance(2 * MINUTE);
    const askedAtMs = world.clock.now();
    world.server.inTurn('read', { queries: { innocent: 'SELECT 1', large: sql } }, {});
    await world.clock.advance(MINUTE);
    return { world, askedAtMs };
  }

  it('ends a worker that uses too much memory, and every answer in memory is lost', async () => {
    const { world, askedAtMs } = await afterAnswer(large(LIMIT + 1));
    expect(world.happened('crashed')).toMatchObject([{ reason: expect.stringContaining('memory limit exceeded') }]);
    expect(starts(world)).toHaveLength(2);
    const stoppedAtMs = world.happened('crashed')[0]?.atMs ?? 0;
    expect((starts(world)[1] ?? 0) - stoppedAtMs).toBe(4200); // 4 s until the kill, then an immediate restart
    expect(stoppedAtMs - askedAtMs).toBeLessThanOrEqual(13 * SECOND);
    world.server.on('write', {});
    await world.clock.advance(MINUTE);
    expect(world.happened('results-written')).toEqual([]);
    expect(world.happened('query-denylisted')).toEqual([]); // its query had ended
  });

  it('counts the body of a write in progress too', async () => {
    const { world } = await afterAnswer(large(LIMIT / 3));
    expect(world.happened('crashed')).toHaveLength(1);
  });

  it('does not end a worker that uses less, or whose watchdog is off', async () => {
    const { world } = await afterAnswer(large(LIMIT / 10));
    expect(world.happened('crashed')).toEqual([]);
    const off = await afterAnswer(large(LIMIT + 1), { disable_watchdog: true });
    expect(off.world.happened('crashed')).toEqual([]);
    off.world.server.on('write', {});
    await off.world.clock.advance(MINUTE);
    expect(off.world.happened('results-written')).toMatchObject([{ ids: ['innocent', 'large'] }]);
  });

  it('checks from the sixtieth second of a worker', async () => {
    const world = aWorld({ flags: { watchdog_memory_limit: LIMIT, distributed_interval: 10 } });
    world.server.on('write', { error: 'later' }).inTurn('read', { queries: { large: large(LIMIT + 1) } }, {});
    world.agent.start();
    await world.clock.advance(MINUTE - 1);
    expect(world.happened('crashed')).toEqual([]);
    await world.clock.advance(4 * SECOND);
    expect(world.happened('crashed')).toHaveLength(1);
  });
});
