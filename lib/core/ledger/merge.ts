import { CLOCK_AHEAD_MS } from './ledger-index.ts';
import type { TaskContainer, WorkloadRecord, WorkloadSnapshot } from './workload.ts';

/** AWS's clock and ours never differ by this much, unless ours is wrong. */
const CLOCK_BEHIND_MS = 3_600_000;

/**
 * The instant under which a workload is listed: when its event was received. If our clock is behind AWS's by an hour to a week,
 * the event's own time, so that the workload is still found after our clock is set right.
 */
export function listedAtMs({ occurredAtMs, receivedAtMs }: WorkloadSnapshot): number {
  const behindMs = occurredAtMs - receivedAtMs;
  return behindMs >= CLOCK_BEHIND_MS && behindMs <= CLOCK_AHEAD_MS ? occurredAtMs : receivedAtMs;
}

/**
 * Whether a snapshot must be handled: it is newer than the record, or it is the recorded version and its handling never
 * finished. A stale snapshot or a duplicate changes nothing.
 */
export const isNews = (
  known: Pick<WorkloadRecord, 'version' | 'handledVersion'> | undefined,
  { version, versionStep }: WorkloadSnapshot,
): boolean =>
  !known || known.version <= version - versionStep || (known.version === version && known.handledVersion < version);

/**
 * Merges a newer snapshot into the known one. Facts that the newer one leaves out are kept: a container that had an id
 * keeps it even if a later event omits it.
 *
 * @example
 * merged({ containers: [{ name: 'app', runtimeId: 'c1', … }], … }, { containers: [{ name: 'app', lastStatus: 'STOPPED' }], … });
 * // containers: [{ name: 'app', runtimeId: 'c1', lastStatus: 'STOPPED' }]
 */
export function merged(known: WorkloadSnapshot | undefined, newer: WorkloadSnapshot): WorkloadSnapshot {
  // Clamp event timestamps that lie in the future.
  const news = { ...newer, occurredAtMs: Math.min(newer.occurredAtMs, newer.receivedAtMs) };
  if (!known) return news;
  const named = new Set(news.containers.map(({ name }) => name));
  const omitted = known.containers
    .filter(({ name }) => !named.has(name))
    .map((container) => (news.stopped ? { ...container, lastStatus: 'STOPPED' } : container));
  const before = new Map(known.containers.map((container) => [container.name, container]));
  const containers = [
    ...news.containers.map(
      (container): TaskContainer => ({ ...container, ...before.get(container.name), ...present(container) }),
    ),
    ...omitted,
  ];
  const ids = containers.flatMap(({ runtimeId }) => runtimeId ?? []);
  return {
    ...news,
    containers,
    subjects: [...new Set([...news.subjects, ...ids])],
    identity: { ...known.identity, ...news.identity },
    times: known.times || news.times ? { ...known.times, ...news.times } : undefined,
  };
}

/** The fields of a container that the event contains. */
const present = (container: TaskContainer): Partial<TaskContainer> =>
  Object.fromEntries(Object.entries(container).filter(([, value]) => value !== undefined));
