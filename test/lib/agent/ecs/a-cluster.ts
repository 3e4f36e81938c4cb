import {
  type EventBridgeEvent,
  Random,
  type RunTask,
  SimulatedCluster,
  SimulatedHost,
  VirtualClock,
} from '../../../../lib/agent/index.ts';
import { SECOND, T0 } from '../world.ts';

/** The detail of a task event, as far as tests look at it. */
export interface TaskDetail {
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly version: number;
  readonly updatedAt: string;
  readonly containers: {
    name: string;
    lastStatus: string;
    runtimeId?: string;
    exitCode?: number;
    imageDigest?: string;
    reason?: string;
  }[];
}

/** A cluster whose hosts are registered, on a clock that stands still. */
export async function aCluster({
  hosts: count = 2,
  seed = 'cluster',
  ...options
}: {
  hosts?: number;
  seed?: string;
  duplicates?: number;
} = {}) {
  const clock = new VirtualClock(T0);
  const random = new Random(seed);
  const hosts = Array.from({ length: count }, () => new SimulatedHost({ clock, random }));
  const events: EventBridgeEvent[] = [];
  const cluster = new SimulatedCluster({
    name: 'demo',
    hosts,
    clock,
    random,
    emit: (event) => void events.push(event),
    ...options,
  });
  const registered = cluster.registerHosts();
  await clock.advance(10 * SECOND);
  await registered;
  /** The task events of one task in version order. */
  const story = (arn: string) =>
    events
      .filter((event) => event['detail-type'] === 'ECS Task State Change' && event.resources[0] === arn)
      .map((event) => event.detail as TaskDetail)
      .sort((a, b) => a.version - b.version);
  return { clock, hosts, cluster, events, story };
}

/** The talk's job: one container that sleeps for ten seconds. */
export const SLEEPY: RunTask = {
  family: 'sleepy',
  containers: [{ name: 'sleeper', image: 'busybox:1.36', command: ['sleep', '10'], lifetimeMs: 10_000 }],
};
