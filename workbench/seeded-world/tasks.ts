import type { Random, RunTask, SimulatedCluster, SimulatedHost, TaskHandle } from '../world/index.ts';
import { SECOND_MS } from './times.ts';
import type { Trace } from './trace.ts';
import { HEAVY } from './world-policy.ts';

/** Lifetime of a task started after the storm: longer than two leases. */
const PROBE_LIFETIME_MS = 100 * SECOND_MS;

/** The tasks of a world. */
export class Tasks {
  /** Tasks started in the storm. */
  readonly started: TaskHandle[] = [];
  /** Tasks started after the storm, when nothing fails. */
  readonly probes: TaskHandle[] = [];
  readonly #cluster: SimulatedCluster;
  readonly #trace: Trace;

  constructor(cluster: SimulatedCluster, trace: Trace) {
    this.#cluster = cluster;
    this.#trace = trace;
  }

  start(plan: Random): void {
    const lifetimeMs = Math.round(10 ** plan.between(3.3, 5.5));
    const family = plan.chance(0.12) ? HEAVY : plan.pick(['api', 'batch', 'cron']);
    // ECS kills the sidecar 30 s after the main container ended: the task is announced as stopping while something runs.
    const sidecar = plan.chance(0.25)
      ? [{ name: 'sidecar', image: 'sidecar:1', lifetimeMs: null, essential: false, ignoresSigterm: true }]
      : [];
    this.#run(this.started, { family, containers: [{ name: family, image: `${family}:1`, lifetimeMs }, ...sidecar] });
  }

  probe(host: SimulatedHost, plan: Random): void {
    const family = plan.chance(0.3) ? HEAVY : 'probe';
    const containers = [{ name: family, image: `${family}:1`, lifetimeMs: PROBE_LIFETIME_MS }] as const;
    this.#run(this.probes, { family, containers, host });
  }

  #run(into: TaskHandle[], task: RunTask): void {
    try {
      const handle = this.#cluster.runTask(task);
      into.push(handle);
      this.#trace.say('cluster', () => `starts ${handle.arn} on ${handle.host.instanceId}`);
    } catch (error) {
      if (!String(error).includes('RESOURCE')) throw error; // no registered host has room
    }
  }
}
