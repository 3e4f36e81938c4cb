import { describe, expect, it } from '@jest/globals';
import { Random, ScheduleBaseline, SimulatedHost, VirtualClock } from '../../../workbench/world/index.ts';
import { MINUTE, SECOND, T0 } from './world.ts';

function aBaseline() {
  const clock = new VirtualClock(T0);
  const random = new Random('baseline');
  const host = new SimulatedHost({ clock, random });
  return { clock, host, baseline: new ScheduleBaseline({ host, intervalSeconds: 60, clock, random }) };
}

describe('a scheduled query for comparison', () => {
  it('sees only containers that run at its instants', async () => {
    const { clock, host, baseline } = aBaseline();
    baseline.start();
    const periodMs = baseline.intervalSeconds * 1000;
    await clock.advance(periodMs - (clock.now() % periodMs)); // until its next run
    const runs = baseline.runs;
    const brief = host.startContainer({ name: 'brief', image: 'x', command: ['sleep'] });
    await clock.advance(10 * SECOND);
    host.stopContainer(brief.id, 0);
    const long = host.startContainer({ name: 'long', image: 'x', command: ['sleep'] });
    await clock.advance(periodMs);
    expect(baseline.runs).toBe(runs + 1);
    expect([...baseline.seen.keys()]).toEqual([long.id]);
    expect((baseline.seen.get(long.id) ?? 0) % periodMs).toBe(0);
  });

  it('keeps its interval within the splay of a tenth, and stops on request', async () => {
    const { clock, baseline } = aBaseline();
    expect(baseline.intervalSeconds).toBeGreaterThanOrEqual(54);
    expect(baseline.intervalSeconds).toBeLessThanOrEqual(66);
    baseline.start();
    await clock.advance(10 * MINUTE);
    baseline.stop();
    const { runs } = baseline;
    expect(runs).toBeGreaterThanOrEqual(9);
    await clock.advance(10 * MINUTE);
    expect(baseline.runs).toBe(runs);
  });
});
