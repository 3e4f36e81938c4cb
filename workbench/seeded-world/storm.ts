import type { Random, SimulatedHost } from '../world/index.ts';
import { SECOND_MS } from './times.ts';

/** One scheduled event of the storm. */
interface Moment {
  /** Milliseconds since the start of the world. */
  readonly atMs: number;
  readonly act: () => void;
}

/** The actions that a storm can take. */
interface StormActions {
  readonly startTask: () => void;
  readonly misfortune: () => void;
  readonly terminate: (host: SimulatedHost) => void;
}

/** Draws the events of a storm of `stormMs`: single tasks, agent faults, a burst of tasks, the end of a host. */
export function stormOf(
  plan: Random,
  stormMs: number,
  hosts: readonly SimulatedHost[],
  actions: StormActions,
): Moment[] {
  const { startTask, misfortune, terminate } = actions;
  const tasks = plan.integer(2, 12);
  const misfortunes = plan.chance(0.3) ? 0 : plan.integer(1, 5);
  const burst = plan.chance(0.2) ? plan.integer(10, 25) : 0;
  const drawn = (count: number, fromMs: number, act: () => void): Moment[] =>
    Array.from({ length: count }, () => ({ atMs: plan.integer(fromMs, stormMs), act }));
  const moments = [...drawn(tasks, 10 * SECOND_MS, startTask), ...drawn(misfortunes, 30 * SECOND_MS, misfortune)];
  const burstAtMs = plan.integer(20 * SECOND_MS, stormMs);
  for (let n = 0; n < burst; n++) moments.push({ atMs: burstAtMs + 10 * n, act: startTask });
  if (plan.chance(0.15)) {
    const host = plan.pick(hosts as [SimulatedHost, ...SimulatedHost[]]);
    moments.push({ atMs: plan.integer(0.3 * stormMs, stormMs), act: () => terminate(host) });
  }
  return moments;
}
