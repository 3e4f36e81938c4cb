import { CLOCK_AHEAD_MS } from './ledger-index.ts';
import type { TaskContainer, WorkloadRecord, WorkloadSnapshot } from './workload.ts';

/** AWS's clock and ours never differ by this much, unless ours is wrong. */
const CLOCK_BEHIND_MS = 3_600_000;

/**
 * The instant under which a workload is listed: when its event was received. If our clock is behind AWS's by an hour to a week,
 * the event's own time, so that the workload is still found after our clock is set right.
 */
function listedAtMs({ occurredAtMs, receivedAtMs }: WorkloadSnapshot): number {
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

/** A snapshot that must be handled, and what the ledger knew before; not written yet. */
export interface Advance {
  /** Merged into the known snapshot. */
  readonly snapshot: WorkloadSnapshot;
  readonly listedAtMs: number;
  /** @default - the workload is new */
  readonly known?: WorkloadRecord;
  /** The record as this snapshot makes it. */
  readonly record: WorkloadRecord;
}

/** The record after a snapshot, or undefined if that is stale or a duplicate. @param known as the ledger has them now */
export function advanceOf(
  known: { readonly snapshot: WorkloadSnapshot; readonly record: WorkloadRecord } | undefined,
  news: WorkloadSnapshot,
): Advance | undefined {
  if (!isNews(known?.record, news)) return undefined;
  const snapshot = merged(known?.snapshot, news);
  const listed = listedAtMs(news);
  const before = known?.record ?? firstFacts(snapshot, listed);
  const record = {
    ...before,
    ...snapshot,
    identity: { ...known?.record.identity, ...snapshot.identity },
    // A first event in the future was recorded by a function whose clock was ahead: its time is replaced.
    firstReceivedAtMs: Math.min(before.firstReceivedAtMs, listed),
    lastSignAtMs: news.receivedAtMs,
  };
  return { snapshot, listedAtMs: listed, known: known?.record, record };
}

/** What a record has besides its snapshot. */
export type Facts = Omit<WorkloadRecord, keyof WorkloadSnapshot>;

/** The facts of a workload after its first event. */
export const firstFacts = (
  { occurredAtMs, receivedAtMs, detectedBy }: WorkloadSnapshot,
  firstReceivedAtMs: number,
): Facts => ({
  handledVersion: -1,
  seenLive: [],
  seenPostMortem: [],
  troubles: [],
  addressesSince: {},
  lateQueries: [],
  closed: [],
  lastGasps: [],
  facts: {},
  firstEventAtMs: occurredAtMs,
  firstReceivedAtMs,
  firstDetectedBy: detectedBy,
  lastSignAtMs: receivedAtMs,
});

/** The fields of a container that the event contains. */
const present = (container: TaskContainer): Partial<TaskContainer> =>
  Object.fromEntries(Object.entries(container).filter(([, value]) => value !== undefined));
