import type { TaskContainer, WorkloadRecord, WorkloadSnapshot } from './workload.ts';

/**
 * Whether a snapshot is to be handled: it is newer than what is known, or the very one whose handling never finished.
 * A stale one or a duplicate changes nothing.
 */
export const isNews = (
  known: Pick<WorkloadRecord, 'version' | 'handledVersion'> | undefined,
  { version, versionStep }: WorkloadSnapshot,
): boolean =>
  !known || known.version <= version - versionStep || (known.version === version && known.handledVersion < version);

/**
 * What is known of a life after a newer snapshot. Where that says less than an older one did, the older one's word stands:
 * a container that had an id had it, whatever a later event leaves out.
 */
export function merged(known: WorkloadSnapshot | undefined, heard: WorkloadSnapshot): WorkloadSnapshot {
  // A clock that is ahead says nothing of the future.
  const news = { ...heard, occurredAtMs: Math.min(heard.occurredAtMs, heard.receivedAtMs) };
  if (!known) return news;
  const named = new Set(news.containers.map(({ name }) => name));
  const untold = known.containers
    .filter(({ name }) => !named.has(name))
    .map((container) => (news.stopped ? { ...container, lastStatus: 'STOPPED' } : container));
  const before = new Map(known.containers.map((container) => [container.name, container]));
  const containers = [
    ...news.containers.map(
      (container): TaskContainer => ({ ...container, ...before.get(container.name), ...told(container) }),
    ),
    ...untold,
  ];
  const ids = containers.flatMap(({ runtimeId }) => runtimeId ?? []);
  return {
    ...news,
    containers,
    subjects: [...new Set([...news.subjects, ...ids])],
    identity: { ...known.identity, ...news.identity },
    ...(known.times || news.times ? { times: { ...known.times, ...news.times } } : {}),
  };
}

/** What an event says of a container, without what it leaves out. */
const told = (container: TaskContainer): Partial<TaskContainer> =>
  Object.fromEntries(Object.entries(container).filter(([, value]) => value !== undefined));
