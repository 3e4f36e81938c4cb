import type { FleetIssue } from '../../core/fleet/fleet-issue.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import type { DirectoryEntry } from '../../core/nodes/directory.ts';
import { isEnrolled, type Node, SILENT_AFTER_MS } from '../../core/nodes/node.ts';
import type { PolicyVersion } from '../../core/policy/policy.ts';
import type { HostPartition } from '../../core/queue/host-queue.ts';
import { quoted } from '../deployment/deployment-flags.ts';
import { ISSUE_ADVICE } from '../ledger/nodes.ts';
import { configOf } from '../policy/drift.ts';
import { count, when } from '../terminal/print.ts';
import { type Check, checksOf } from './check.ts';

/** What is known about one host. */
export interface HostFacts {
  readonly host: string;
  readonly partition: HostPartition;
  readonly entry: DirectoryEntry | undefined;
  readonly live: PolicyVersion | undefined;
  readonly issues: readonly FleetIssue[];
  /** Workloads of the last day on it with a query that osquery has denylisted. */
  readonly denylisted: readonly WorkloadRecord[];
}

/** Judges one host. */
export function judgeHost(facts: HostFacts, chosen: string, nowMs: number): Check[] {
  const { host, partition, issues } = facts;
  const { node } = partition;
  const area = `host ${host}`;
  const { ok, fail } = checksOf(area);
  if (!node)
    return [
      fail(
        'no node of that name is enrolled',
        `"npx mayfly nodes${chosen}" lists those that are; docs/hosts.md says how to enroll`,
      ),
      ...issuesOf(area, issues),
    ];
  if (!isEnrolled(node, nowMs)) return [...endOf(area, node, chosen), ...issuesOf(area, issues)];
  return [
    ok(`enrolled ${when(node.enrolledAtMs)}${node.attested ? ', attested' : ''}`),
    pollOf(area, node, nowMs),
    ...configurationOf(area, facts, chosen),
    ...queriesOf(area, partition, nowMs),
    ...denylistOf(area, facts, chosen),
    ...issuesOf(area, issues),
  ];
}

function endOf(area: string, { revokedAtMs, endedAtMs, lastSeenMs, host }: Node, chosen: string): Check[] {
  const { fail, warn } = checksOf(area);
  if (revokedAtMs !== undefined)
    return [
      fail(`an operator revoked it ${when(revokedAtMs)}`, `npx mayfly node revoke ${quoted(host)} --undo${chosen}`),
    ];
  if (endedAtMs !== undefined)
    return [warn(`its instance ended ${when(endedAtMs)}`, 'nothing: it enrolls again under a new instance id')];
  return [
    fail(`it expired: its last poll was ${when(lastSeenMs)}`, 'start osqueryd there: it enrolls again by itself'),
  ];
}

function pollOf(area: string, { lastSeenMs }: Node, nowMs: number): Check {
  const { ok, fail } = checksOf(area);
  const last = `last poll ${when(lastSeenMs)}`; // at most five minutes old while it polls
  if (nowMs - lastSeenMs < SILENT_AFTER_MS) return ok(`${last} or later`);
  return fail(last, ISSUE_ADVICE['agent-silent']);
}

function configurationOf(area: string, { entry, live }: HostFacts, chosen: string): Check[] {
  const { ok, warn } = checksOf(area);
  if (!live) return [];
  if (!entry)
    return [
      warn(
        'it is missing in the directory: selectors do not find it',
        'its next poll adds it; if not, restart osqueryd',
      ),
    ];
  const { profile, expected, reported, state } = configOf(entry, live.policy);
  switch (state) {
    case 'current':
      return [ok(`profile ${profile}, config hash ${expected.slice(0, 12)} as in the policy`)];
    case 'drifted':
      return [
        warn(
          `profile ${profile}: it runs config hash ${reported?.slice(0, 12)}, and the policy has ${expected.slice(0, 12)}`,
          `wait for its next refresh, 5 minutes; then see "npx mayfly policy drift${chosen}"`,
        ),
      ];
    case 'unknown':
      return [ok(`profile ${profile}; it has not reported its config hash yet`)];
    default:
      return state satisfies never;
  }
}

/** Many polls have passed over a query that has been pending for longer than this. */
const LONG_WAIT_MS = 5 * 60_000;

function queriesOf(area: string, { pending, deliveries }: HostPartition, nowMs: number): Check[] {
  const { ok, warn } = checksOf(area);
  const waiting = pending.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  const old = waiting.filter(({ queuedAtMs }) => nowMs - queuedAtMs > LONG_WAIT_MS);
  const text = `${count(waiting.length, 'pending query', 'pending queries')}, ${count(deliveries.length, 'delivery', 'deliveries')} without all answers`;
  return old.length > 0
    ? [warn(`${text}; ${old.length} wait for more than 5 minutes`, 'see "Queries that wait" in docs/runbook.md')]
    : [ok(text)];
}

function denylistOf(area: string, { denylisted }: HostFacts, chosen: string): Check[] {
  const [first] = denylisted;
  if (!first) return [];
  return [
    checksOf(area).warn(
      `osquery has denylisted queries about ${count(denylisted.length, 'workload')} in the last day`,
      `npx mayfly task ${quoted(first.workload)}${chosen}; "Queries without an answer" in docs/runbook.md says what to do`,
    ),
  ];
}

const issuesOf = (area: string, issues: readonly FleetIssue[]): Check[] =>
  issues.map(({ kind, detail, firstAtMs }) =>
    checksOf(area).warn(`${kind} since ${when(firstAtMs)}: ${detail}`, ISSUE_ADVICE[kind]),
  );
