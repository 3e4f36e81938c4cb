import type { EventBridgeEvent, SimulatedHost } from '../../../../workbench/world/index.ts';
import { MINUTE } from '../world.ts';
import { aCluster, SERVICE } from './a-cluster.ts';

/** Fixed delays, so that tests can state exact instants. */
const DELAYS = {
  deliver: [0, 0],
  rebalance: [45_000, 45_000],
  react: [5000, 5000],
  disconnect: [2000, 2000],
  shutDown: [20_000, 20_000],
  giveUp: [3000, 3000],
} as const;

export const HOOK = {
  autoScalingGroup: 'ephemeral-spot-arm64',
  hookName: 'osquery-last-look-hook',
  heartbeatSeconds: 300,
};

/** A host that is about to end, its task, and a diary of the events that arrive from now on. */
export async function aDoomedHost(count = 1) {
  const arrivals: { readonly atMs: number; readonly event: EventBridgeEvent }[] = [];
  let now = () => 0;
  const emit = (event: EventBridgeEvent) => void arrivals.push({ atMs: now(), event });
  const world = await aCluster({ hosts: count, delays: DELAYS, emit });
  now = () => world.clock.now();
  const [host] = world.hosts as [SimulatedHost];
  const task = world.cluster.runTask({ ...SERVICE, host });
  await world.clock.advance(MINUTE);
  arrivals.length = 0;
  const startMs = world.clock.now();
  const ofType = (detailType: string) =>
    arrivals.filter(({ event }) => event['detail-type'] === detailType).map(({ event }) => event);
  /** One `<seconds after now> <what>` per event, in order of arrival. */
  const diary = () =>
    arrivals.map(({ atMs, event }) => {
      const { state, status, lastStatus } = event.detail as Record<string, string>;
      const what = event['detail-type'].replace(/ (Notification|State-change|State Change)/g, '');
      return [(atMs - startMs) / 1000, what, state ?? status ?? lastStatus]
        .filter((part) => part !== undefined)
        .join(' ');
    });
  return { ...world, host, task, diary, ofType };
}
