import type { PendingKey } from '../../core/ledger/pending-key.ts';
import { compiledPolicy } from '../../core/policy/compiled-policy.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { PendingQuery } from '../../core/queue/pending-query.ts';
import type { Report } from '../../core/reports/report.ts';
import { renderSql } from '../../core/sql/render.ts';
import type { ContainerInstanceLookup } from '../../core/triggers/container-hosts.ts';
import { handleEvent } from '../../core/triggers/handle-event.ts';
import { parseEvent } from '../../core/triggers/parse.ts';
import type { ParsedEvent } from '../../core/triggers/parsed-event.ts';
import { eventDeps, memoryStores } from '../../memory/composition.ts';
import { MemoryHosts } from '../../memory/hosts.ts';
import { withIsoTimes } from '../terminal/iso.ts';
import { sayJson } from '../terminal/print.ts';
import { type RecordedEvent, readRecording } from './events.ts';
import { type PolicyFlags, policyToTry } from './test.ts';

/** Prints how the queue changes while the events of a folder arrive in the order of their files. */
export async function replay(dir: string, flags: PolicyFlags): Promise<void> {
  const events = await readRecording(dir);
  await replayed(await policyToTry(flags), events, (line) => sayJson(withIsoTimes(line)));
}

/** The output's names for log events of the core. */
const KINDS: Readonly<Record<string, string>> = {
  query_dropped: 'dropped',
  query_refused: 'refused',
  rule_without_host: 'no-host',
};

/**
 * Handles events one after another with the core.
 *
 * @param print gets each change: its `kind`, the `file` of the event that caused it, and the fields of that kind
 */
async function replayed(
  policy: Policy,
  events: readonly RecordedEvent[],
  print: (line: object) => void,
): Promise<void> {
  let nowMs = 0;
  let file = '';
  const now = (): number => nowMs;
  const report: Report = (event, fields) => print({ kind: KINDS[event] ?? event, file, ...fields });
  const parsed = events.map((recorded) => ({ file: recorded.file, event: parseEvent(recorded.event) }));
  const hosts = new WatchedHosts(
    (query) => print({ kind: 'queued', file, ...query, rendered: renderSql(query.sql, query.bindings) }),
    ({ host, rule, query, queryId }) => print({ kind: 'withdrawn', file, host, rule, query, queryId }),
  );
  const compiled = compiledPolicy(policy);
  const ports = { ...memoryStores(now), hosts, lookup: lookUpIn(parsed.map(({ event }) => event)) };
  const deps = eventDeps(ports, { policy: async () => compiled, now, report });
  for (const { file: from, event } of parsed) {
    file = from;
    if (event.kind === 'malformed') {
      print({ kind: 'unreadable', file, why: event.why });
      continue;
    }
    // Events may arrive late, but the clock never goes back.
    if ('event' in event) nowMs = Math.max(nowMs, event.event.occurredAtMs);
    await handleEvent(event, { ...deps, queued: [] }); // the queues report each query
  }
}

/** Queues that report every query added and withdrawn. Nothing polls them, because a recording has no agents. */
class WatchedHosts extends MemoryHosts {
  constructor(
    private readonly queued: (query: PendingQuery) => void,
    private readonly withdrawn: (query: PendingQuery) => void,
  ) {
    super();
  }

  override async enqueue(query: PendingQuery): Promise<void> {
    const before = await this.waits(query);
    await super.enqueue(query);
    if (!before) this.queued(query);
  }

  override async remove(keys: readonly PendingKey[]): Promise<void> {
    for (const key of keys) {
      const query = await this.waits(key);
      if (query) this.withdrawn(query);
    }
    await super.remove(keys);
  }

  private async waits({ host, queryId }: PendingKey): Promise<PendingQuery | undefined> {
    return (await this.read(host)).pending.find((query) => query.queryId === queryId);
  }
}

/**
 * Answers look-ups of container instances from their events in the recording. Without such an event, the ARN is used in place
 * of the instance id.
 */
function lookUpIn(events: readonly ParsedEvent[]): ContainerInstanceLookup {
  const instances = new Map(
    events.flatMap((event) =>
      event.kind === 'container-instance' && event.instance ? [[event.arn, event.instance] as const] : [],
    ),
  );
  return { instancesOf: async (_, arns) => new Map(arns.map((arn) => [arn, instances.get(arn) ?? arn])) };
}
