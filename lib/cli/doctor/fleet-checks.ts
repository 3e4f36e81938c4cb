import type { FleetIssue } from '../../core/fleet/fleet-issue.ts';
import { grouped } from '../../core/grouped.ts';
import type { SweepState } from '../../core/inventory/inventory.ts';
import type { DirectoryEntry } from '../../core/nodes/directory.ts';
import { SILENT_AFTER_MS } from '../../core/nodes/node.ts';
import type { PolicyVersion } from '../../core/policy/policy.ts';
import { quoted } from '../deployment/deployment-flags.ts';
import { ISSUE_ADVICE } from '../ledger/nodes.ts';
import { configOf } from '../policy/drift.ts';
import { count, when } from '../terminal/print.ts';
import { type Check, checksOf } from './check.ts';

export function judgePolicy(live: PolicyVersion | undefined, chosen: string): Check {
  const { ok, warn, fail } = checksOf('policy');
  if (!live) return fail('there is no policy', `deploy again, or: npx mayfly policy push${chosen} -m "First policy"`);
  const { version, policy, pushedAtMs } = live;
  if (policy.rules.length === 0)
    return warn(`version ${version} has no rule: no event asks anything`, `npx mayfly policy rollback${chosen}`);
  return ok(`version ${version}, ${count(policy.rules.length, 'rule')}, pushed ${when(pushedAtMs)}`);
}

/** A sweep begins every minute, and a complete one may take several. */
const SWEEP_LATE_MS = 15 * 60_000;

export function judgeReconciler({ tasksSinceMs, instancesSinceMs, beganMs }: SweepState, nowMs: number): Check {
  const { ok, fail, warn } = checksOf('reconciler');
  const next = 'see "Reconciler" in docs/runbook.md';
  if (beganMs === undefined) return warn('no sweep has begun yet: the first begins within a minute', next);
  const completeMs = Math.min(tasksSinceMs ?? beganMs, instancesSinceMs ?? beganMs);
  if (nowMs - completeMs > SWEEP_LATE_MS) return fail(`the last complete sweep began ${when(completeMs)}`, next);
  return ok(`the last complete sweep began ${when(completeMs)}`);
}

/** Checks all nodes: enrolled, polling, and with the configuration of their profile. */
export function judgeNodes(
  entries: readonly DirectoryEntry[],
  live: PolicyVersion | undefined,
  chosen: string,
  nowMs: number,
): Check[] {
  const { ok, warn } = checksOf('nodes');
  if (entries.length === 0)
    return [warn('no node is enrolled', `"npx mayfly host flags${chosen}" prints what a host needs`)];
  const silent = entries.filter(({ lastSeenMs }) => nowMs - lastSeenMs >= SILENT_AFTER_MS);
  const drifted = live ? entries.filter((entry) => configOf(entry, live.policy).state === 'drifted') : [];
  const polling = `${count(entries.length - silent.length, 'node')} of ${entries.length} polled in the last 15 minutes`;
  return [
    silent.length > 0
      ? warn(
          `${polling}; not: ${some(silent)}`,
          `npx mayfly doctor ${quoted(silent[0]?.hostIdentifier ?? '')}${chosen}`,
        )
      : ok(polling),
    ...(drifted.length > 0
      ? [
          warn(
            `${count(drifted.length, 'node')} with another configuration: ${some(drifted)}`,
            `npx mayfly policy drift${chosen}`,
          ),
        ]
      : []),
  ];
}

const SHOWN = 3;
const some = (entries: readonly DirectoryEntry[]): string =>
  [
    ...entries.slice(0, SHOWN).map(({ hostIdentifier }) => hostIdentifier),
    ...(entries.length > SHOWN ? [`${entries.length - SHOWN} more`] : []),
  ].join(', ');

/** One check for each kind of fleet issue. */
export function judgeIssues(open: readonly FleetIssue[]): Check[] {
  const { ok, warn } = checksOf('fleet');
  if (open.length === 0) return [ok('there are no fleet issues')];
  return [...grouped(open, ({ kind }) => kind)].map(([kind, those]) =>
    warn(
      `${kind}: ${those
        .map(({ host }) => host)
        .slice(0, SHOWN)
        .join(', ')}${those.length > SHOWN ? ' …' : ''}`,
      ISSUE_ADVICE[kind],
    ),
  );
}
