import { type Clock, type Random, ScheduleBaseline, type SimulatedHost, type TaskHandle } from '../world/index.ts';

/**
 * A scheduled query. What it sees is computed from the lives, not run: its run times are known multiples of the
 * interval that osquery's splay gives each host.
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

  /**
   * Returns the time from the task's start to the first run that returns all its containers, in ms; null if no run
   * does.
   */
  firstSight({ host, containers }: TaskHandle): number | null {
    const periodMs = this.#periodMs.get(host.instanceId) ?? Number.NaN;
    const fromMs = Math.max(...containers.map(({ startedAtMs }) => startedAtMs ?? Number.POSITIVE_INFINITY));
    const untilMs = Math.min(...containers.map(({ stoppedAtMs }) => stoppedAtMs ?? Number.POSITIVE_INFINITY));
    const runMs = (Math.floor(fromMs / periodMs) + 1) * periodMs;
    return runMs < untilMs ? runMs - fromMs : null;
  }
}
