import { type Clock, type Random, ScheduleBaseline, type SimulatedHost, type TaskHandle } from '../world/index.ts';

/**
 * What a scheduled query would have seen: computed from the same lives rather than run, since its instants are known
 * (multiples of the interval that osquery's splay gives each host).
 */
export class Schedule {
  readonly #periodMs: ReadonlyMap<string, number>;

  constructor(hosts: readonly SimulatedHost[], intervalSeconds: number, clock: Clock, random: Random) {
    this.#periodMs = new Map(
      hosts.map((host) => {
        const baseline = new ScheduleBaseline({ host, intervalSeconds, clock, random });
        return [host.instanceId, 1000 * baseline.intervalSeconds];
      }),
    );
  }

  /** From the task's start to the first run that returns all its containers, in ms; null if none does. */
  firstSight({ host, containers }: TaskHandle): number | null {
    const periodMs = this.#periodMs.get(host.instanceId) ?? Number.NaN;
    const fromMs = Math.max(...containers.map(({ startedAtMs }) => startedAtMs ?? Number.POSITIVE_INFINITY));
    const untilMs = Math.min(...containers.map(({ stoppedAtMs }) => stoppedAtMs ?? Number.POSITIVE_INFINITY));
    const runMs = (Math.floor(fromMs / periodMs) + 1) * periodMs;
    return runMs < untilMs ? runMs - fromMs : null;
  }
}
