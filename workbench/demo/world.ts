import {
  type EventBridgeEvent,
  LIFETIMES,
  Random,
  RealClock,
  type RunTask,
  ScheduleBaseline,
  SimulatedAgent,
  SimulatedCluster,
  type SimulatedHost,
  simulatedHosts,
  type TaskHandle,
} from '../world/index.ts';

/** The schedule that Mayfly is compared with: the talk's own example. */
const SCHEDULE = { sql: 'SELECT id, name, image, state FROM docker_containers', intervalSeconds: 60 };
const HOSTS = 6;
/** Mean time between two starts of the mixed workload. */
const MEAN_GAP_MS = 1_200;
/** Maximum lifetime. Longer tasks would only fill the hosts of a demo that runs on. */
const LONGEST_MS = 10 * 60_000;

/** The time of a read that is not held, with something to spare. */
const READ_MS = 500;

/** Where the agents connect and where the events go. */
export interface WorldServer {
  readonly url: string;
  readonly ca: string; // PEM text
  readonly enrollSecret: string;
  readonly putEvents: (events: EventBridgeEvent[]) => Promise<void>;
  /** `distributed_interval` of the flagfile. */
  readonly intervalSeconds: number;
}

/** The simulated cluster of the demo: hosts with agents, a schedule for comparison, and short-lived tasks. */
export class World {
  readonly #clock = new RealClock();
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #hosts: readonly SimulatedHost[];
  readonly #cluster: SimulatedCluster;
  readonly #schedules = new Map<string, ScheduleBaseline>();
  readonly #agents: SimulatedAgent[] = [];
  readonly #tasks: TaskHandle[] = [];
  readonly #enrolled = new Set<string>();
  readonly #hotUntilMs = new Map<string, number>();
  /** When the last read of each host ended. */
  readonly #readAtMs = new Map<string, number>();
  #server: WorldServer | undefined;

  constructor(signal: AbortSignal, seed: string | number) {
    this.#signal = signal;
    this.#random = new Random(seed);
    this.#hosts = simulatedHosts(HOSTS, { clock: this.#clock, random: this.#random });
    this.#cluster = new SimulatedCluster({
      name: 'demo',
      hosts: this.#hosts,
      clock: this.#clock,
      random: this.#random.fork('cluster'),
      emit: async (event) => this.#server?.putEvents([event]),
    });
  }

  /** The simulated AWS APIs that the functions call. */
  get aws(): SimulatedCluster['aws'] {
    return this.#cluster.aws;
  }

  /** Boots the hosts and starts their agents and schedules. */
  async start(server: WorldServer): Promise<void> {
    this.#server = server;
    const registered = this.#cluster.registerHosts(); // takes some seconds; the agents enroll meanwhile
    for (const host of this.#hosts) {
      const random = this.#random.fork(host.instanceId);
      const schedule = new ScheduleBaseline({ host, ...SCHEDULE, clock: this.#clock, random });
      schedule.start();
      this.#schedules.set(host.instanceId, schedule);
      const agent = new SimulatedAgent({
        host,
        url: server.url,
        ca: server.ca,
        enrollSecret: server.enrollSecret,
        flags: { distributed_interval: server.intervalSeconds },
        clock: this.#clock,
        random,
        on: (event) => {
          if (event.kind === 'enrolled') this.#enrolled.add(event.host);
          if (event.kind === 'requested' && event.endpoint === 'read') this.#readAtMs.set(event.host, event.atMs);
          if (event.kind === 'polled')
            this.#hotUntilMs.set(event.host, event.atMs + 1000 * (event.accelerateSeconds ?? 0));
        },
      });
      agent.start();
      this.#agents.push(agent);
    }
    await registered;
  }

  /** Starts the talk's job: parallelism 5, `sleep 10`. */
  runSleepyJob(): void {
    for (let index = 0; index < 5; index++) {
      this.#run('sleepy', {
        image: 'public.ecr.aws/docker/library/busybox:1.37',
        command: ['sleep', '10'],
        lifetimeMs: 10_000,
        pullFails: false,
      });
    }
  }

  /** Starts tasks until `untilMs`. Their lifetimes follow a published distribution. */
  async runMixedWorkload(untilMs: number): Promise<void> {
    const random = this.#random.fork('mixed workload');
    const families = ['api', 'batch-resize', 'migrate', 'report', 'cron-sync'] as const;
    while (this.#clock.now() < untilMs && !this.#signal.aborted) {
      await this.#sleep(-Math.log(1 - random.next()) * MEAN_GAP_MS);
      if (this.#signal.aborted) return;
      const family = random.pick(families);
      const image = `111122223333.dkr.ecr.us-east-1.amazonaws.com/${family}:${random.hex(7)}`;
      const lifetimeMs = Math.min(LIFETIMES.Sysdig2025.sample(random), LONGEST_MS);
      this.#run(family, { image, command: [`/app/${family}`], lifetimeMs, pullFails: random.chance(0.02) });
    }
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
    for (const schedule of this.#schedules.values()) schedule.stop();
    await Promise.all(this.#agents.map((agent) => agent.stop()));
  }

  /** Resolves after `ms`, or when the world is stopped. */
  async #sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal).catch(() => undefined);
  }

  get tasks(): readonly TaskHandle[] {
    return this.#tasks;
  }

  hosts(nowMs: number) {
    return this.#hosts.map((host) => ({
      name: host.instanceId,
      running: host.running().length,
      enrolled: this.#enrolled.has(host.instanceId),
      hot: (this.#hotUntilMs.get(host.instanceId) ?? 0) > nowMs,
      // After its pause an agent reads again. A poll ends at once, so only a held read lasts.
      held: nowMs - (this.#readAtMs.get(host.instanceId) ?? nowMs) > this.#pauseMs(),
    }));
  }

  /** The longest time from one read to the next that is not held. */
  #pauseMs(): number {
    return 1000 * Math.max(1, this.#server?.intervalSeconds ?? 0) + READ_MS;
  }

  /** Returns whether the schedule on the task's host ever returned its container. */
  bySchedule(task: TaskHandle): boolean {
    const schedule = this.#schedules.get(task.host.instanceId);
    return task.containers.some(({ runtimeId }) => runtimeId !== undefined && (schedule?.seen.has(runtimeId) ?? false));
  }

  #run(family: string, container: Omit<RunTask['containers'][number], 'name'>): void {
    this.#tasks.push(this.#cluster.runTask({ family, containers: [{ name: family, ...container }] }));
  }
}
