import { type Instance, identityOf } from '../inventory/instance.ts';
import { needsNoAgent } from '../ledger/ignored.ts';
import { SILENT_AFTER_MS } from '../nodes/node.ts';
import type { ObservedIssue } from './fleet-issue.ts';

/** The node of an instance, from the directory. */
export interface EnrolledAs {
  readonly host: string;
  readonly lastSeenMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Counts of instances that should have a node and of those that do. */
export interface FleetCount {
  readonly running: number;
  readonly enrolled: number;
  /** Enrolled ones whose agent is silent. */
  readonly silent: number;
}

/** Whether an instance can have an enrolled agent by now: it has run for `noAgentAfterMs` and is not ignored. */
export const isExpected = (instance: Instance, nowMs: number, noAgentAfterMs: number): boolean =>
  instance.state === 'running' &&
  nowMs - instance.launchedAtMs >= noAgentAfterMs &&
  !needsNoAgent(identityOf(instance));

/**
 * Finds fleet issues of instances that should have an agent. One on which no agent is expected counts once it has one.
 *
 * @param enrolled their nodes, by instance id
 */
export function judgeFleet(
  expected: readonly Instance[],
  enrolled: ReadonlyMap<string, EnrolledAs>,
  nowMs: number,
): { readonly count: FleetCount; readonly fleetIssues: ObservedIssue[] } {
  const fleetIssues: ObservedIssue[] = [];
  const judged = expected.filter(
    ({ instanceId, agentExpected }) => agentExpected !== false || enrolled.has(instanceId),
  );
  const count = { running: judged.length, enrolled: 0, silent: 0 };
  for (const { instanceId, imageId = 'unknown', launchedAtMs } of judged) {
    const node = enrolled.get(instanceId);
    if (!node) {
      const detail = `running since ${at(launchedAtMs)}, image ${imageId}, without an enrolled node`;
      fleetIssues.push({ kind: 'no-agent', host: instanceId, detail });
      continue;
    }
    count.enrolled += 1;
    // After a restart, the time the instance was stopped does not count.
    if (nowMs - Math.max(node.lastSeenMs, launchedAtMs) <= SILENT_AFTER_MS) continue;
    count.silent += 1;
    const detail = `${instanceId} runs, but its agent was last seen at ${at(node.lastSeenMs)}`;
    fleetIssues.push({ kind: 'agent-silent', host: node.host, detail });
  }
  return { count, fleetIssues };
}

const at = (atMs: number): string => new Date(atMs).toISOString();
