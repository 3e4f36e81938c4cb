import {
  type ClusterOptions,
  type EventBridgeEvent,
  Random,
  type RunTask,
  SimulatedCluster,
  SimulatedHost,
  VirtualClock,
} from '../../../../workbench/world/index.ts';
import { SECOND, T0 } from '../world.ts';

/** The members of a task event's detail that the tests read. */
export interface TaskDetail {
  readonly taskArn: string;
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

/** A cluster whose hosts are registered, on a virtual clock. */
export async function aCluster({
  hosts: count = 2,
  seed = 'cluster',
  emit,
  ...options
}: {
  hosts?: number;
  seed?: string;
} & Omit<Partial<ClusterOptions>, 'hosts'> = {}) {
  const clock = new VirtualClock(T0);
  const random = new Random(seed);
  const hosts = Array.from({ length: count }, () => new SimulatedHost({ clock, random }));
  const events: EventBridgeEvent[] = [];
  const cluster = new SimulatedCluster({
    name: 'demo',
    hosts,
    clock,
    random,
    emit: (event) => {
      events.push(event);
      return emit?.(event);
    },
    ...options,
  });
  const registered = cluster.registerHosts();
  await clock.advance(10 * SECOND);
  await registered;
  /** The events of one task, in version order. */
  const story = (arn: string) =>
    events
      .filter((event) => event['detail-type'] === 'ECS Task State Change' && event.resources[0] === arn)
      .map((event) => event.detail as TaskDetail)
      .sort((a, b) => a.version - b.version);
  return { clock, hosts, cluster, events, story };
}

/** A task that runs until it is stopped. */
export const SERVICE: RunTask = {
  family: 'api',
  revision: 7,
  containers: [
    { name: 'main', image: 'api:1', lifetimeMs: null },
    { name: 'log', image: 'fluent:1', lifetimeMs: null, essential: false },
  ],
};

/** The job of the QueryCon demo: one container that sleeps for ten seconds. */
export const SLEEPY: RunTask = {
  family: 'sleepy',
  containers: [{ name: 'sleeper', image: 'busybox:1.36', command: ['sleep', '10'], lifetimeMs: 10_000 }],
};
