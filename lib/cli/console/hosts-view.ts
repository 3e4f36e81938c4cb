import type { HostView, Life } from '../../console/api.ts';
import type { FleetIssue } from '../../core/fleet/fleet-issue.ts';
import { grouped } from '../../core/grouped.ts';
import type { DirectoryEntry } from '../../core/nodes/directory.ts';
import { agentConfig } from '../../core/policy/agent-config.ts';
import type { Profile } from '../../core/policy/policy.ts';
import { ISSUE_ADVICE } from '../ledger/nodes.ts';

interface Fleet {
  readonly entries: readonly DirectoryEntry[];
  readonly issues: readonly FleetIssue[];
  readonly lives: readonly Life[];
  readonly profiles: readonly Profile[];
}

/** Hosts with fleet issues first, then by name: those with a node, with an issue, or with workloads. */
export function hostsView({ entries, issues, lives, profiles }: Fleet): HostView[] {
  const issuesOf = grouped(issues, ({ host }) => host);
  const livesOf = grouped(
    lives.filter(({ host }) => host !== undefined),
    ({ host }) => host ?? '',
  );
  const nodes = new Map(entries.map((entry) => [entry.hostIdentifier, entry]));
  const names = new Set([...nodes.keys(), ...issuesOf.keys(), ...livesOf.keys()]);
  return [...names]
    .map((host): HostView => {
      const its = livesOf.get(host) ?? [];
      return {
        host,
        ...ofNode(nodes.get(host), profiles),
        running: its.filter(({ endedAtMs, startedAtMs }) => startedAtMs !== undefined && !endedAtMs).length,
        lives: its.length,
        missed: its.filter(({ verdict }) => verdict === 'missed').length,
        issues: (issuesOf.get(host) ?? []).map(({ kind, firstAtMs, detail }) => ({
          kind,
          sinceMs: firstAtMs,
          detail,
          advice: ISSUE_ADVICE[kind],
        })),
      };
    })
    .sort((a, b) => b.issues.length - a.issues.length || (a.host < b.host ? -1 : 1));
}

function ofNode(entry: DirectoryEntry | undefined, profiles: readonly Profile[]) {
  const { hostname, platform, osqueryVersion, lastSeenMs, configHash, tags = {} } = entry ?? {};
  const profile = profiles.find(({ name }) => name === entry?.profile);
  const isCurrent = profile && configHash ? agentConfig(profile).configHash === configHash : undefined;
  return { hostname, platform, profile: entry?.profile, osqueryVersion, lastSeenAtMs: lastSeenMs, isCurrent, tags };
}
