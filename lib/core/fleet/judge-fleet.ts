import { type Instance, identityOf } from '../inventory/instance.ts';

import { isIgnored } from '../ledger/ignored.ts';

import type { ObservedIssue } from './fleet-issue.ts';

/** Three times the interval at which a live agent renews `lastSeenMs`. */
const SILENT_AFTER_MS = 15 * 60_000;

/** The node of an instance, as the directory knows it. */
export interface EnrolledAs {
  readonly host: string;
  readonly lastSeenMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Instances that should have a node, and those that do: the share of the fleet that is covered. */
export interface FleetCount {
  readonly running: number;
  readonly enrolled: number;
  /** Of the enrolled ones, those whose agent has gone silent. */
  readonly silent: number;
}

/** Whether an instance should have enrolled by now: before `noAgentAfterMs` its agent may still be on its way. */
export const isExpected = (instance: Instance, nowMs: number, noAgentAfterMs: number): boolean =>
  instance.state === 'running' && nowMs - instance.launchedAtMs >= noAgentAfterMs && !isIgnored(identityOf(instance));

/** What is wrong with instances that should have enrolled. @param enrolled their nodes, by instance id */
export function judgeFleet(
  expected: readonly Instance[],
  enrolled: ReadonlyMap<string, EnrolledAs>,
  nowMs: number,
): { readonly count: FleetCount; readonly fleetIssues: ObservedIssue[] } {
  const fleetIssues: ObservedIssue[] = [];
  const count = { running: expected.length, enrolled: 0, silent: 0 };
  for (const { instanceId, imageId = 'unknown', launchedAtMs } of expected) {
    const node = enrolled.get(instanceId);
    if (!node) {
      const detail = `it runs since ${at(launchedAtMs)}, image ${imageId}, and no node enrolled from it`;
      fleetIssues.push({ kind: 'no-agent', host: instanceId, detail });
      continue;
    }
    count.enrolled += 1;
    // After a start the agent has been silent for as long as the instance was stopped.
    if (nowMs - Math.max(node.lastSeenMs, launchedAtMs) <= SILENT_AFTER_MS) continue;
    count.silent += 1;
    const detail = `${instanceId} runs, its agent came last at ${at(node.lastSeenMs)}`;
    fleetIssues.push({ kind: 'agent-silent', host: node.host, detail });
  }
  return { count, fleetIssues };
}

const at = (atMs: number): string => new Date(atMs).toISOString();
