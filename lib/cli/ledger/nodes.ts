import { join } from 'node:path';
import type { FleetIssue, FleetIssueKind } from '../../core/fleet/fleet-issue.ts';
import { grouped } from '../../core/grouped.ts';
import { type DirectoryEntry, everyEntry } from '../../core/nodes/directory.ts';
import { SEEN_EVERY_MS } from '../../core/nodes/node.ts';
import { withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { columns, count, printable, prose, say, sayJson, when } from '../terminal/print.ts';

/** What to do about each kind of fleet issue. */
export const ISSUE_ADVICE: Readonly<Record<FleetIssueKind, string>> = {
  'no-agent':
    'put osquery into its image or user data, or give it the tag mayfly:ignore = true if it is to have none; see docs/hosts.md',
  'agent-silent': 'check osqueryd there: systemctl status osqueryd, its memory, its way to the TLS API',
  'identity-contested':
    'find out which of the two is the instance, and revoke the other: mayfly node revoke HOST; attested enrollment prevents it, see docs/hosts.md',
  unattested:
    'write its instance identity document into its enroll secret file; see docs/hosts.md, "Attested enrollment"',
  'identifier-shared':
    'give each agent an identifier of its own: run one agent a host, keep its database (/var/osquery) on disk, and leave the database out of images',
  'cleanup-too-short':
    'set ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=3h in its /etc/ecs/ecs.config; if it is, check that osquery reaches the Docker socket',
};

/** Lists enrolled nodes by host, and open fleet issues. */
export async function nodes(flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const { name, entries, open, scope } = await withDeployment(
    flags,
    async ({ name, directory, fleetIssues, sweeps }) => ({
      name,
      entries: (await everyEntry(directory)).sort((a, b) => (a.hostIdentifier < b.hostIdentifier ? -1 : 1)),
      open: await fleetIssues.open(Date.now()),
      scope: (await sweeps.read()).expectAgents,
    }),
  );
  if (flags.json) return sayJson(asJson(entries, open));
  if (entries.length === 0) say(`No node is enrolled at ${name}.\n${enrolling(flags)}`);
  else {
    say(
      columns([['host', 'hostname', 'platform', 'profile', 'last seen', 'osquery'], ...entries.map(rowOf)], {
        drop: DROP,
      }),
    );
    const every = `Last seen is updated every ${SEEN_EVERY_MS / 60_000} minutes`;
    say(`\n${prose(`${every}: it may be that old although the node polls.`)}`);
  }
  if (scope)
    say(`\nAgents are expected only on instances that match ${printable(scope)}: others have no fleet issue no-agent.`);
  for (const [kind, those] of grouped(open, ({ kind }) => kind)) {
    const rows = those.map(({ host, firstAtMs, detail }) => [
      `  ${printable(host)}`,
      `since ${when(firstAtMs)}`,
      printable(detail),
    ]);
    say(`\n${kind}: ${count(those.length, 'host')}\n${prose(ISSUE_ADVICE[kind], '  ')}\n${columns(rows)}`);
  }
}

/** How to enroll the first node. */
const enrolling = ({ data, stack, table }: DeploymentFlags): string =>
  stack || table
    ? "Start osqueryd with the flagfile that is an output of the stack, and --specified_identifier=<the instance's id>."
    : `Start one: osqueryd --flagfile ${join(data, 'osquery.flags')} --specified_identifier=$(hostname)`;

/** Columns that are hidden on a narrow terminal, the least important first. */
const DROP = ['osquery', 'platform', 'hostname'];

const rowOf = ({ hostIdentifier, hostname, platform, profile, osqueryVersion, lastSeenMs }: DirectoryEntry) => [
  ...[hostIdentifier, hostname, platform, profile].map((text) => printable(text ?? '') || '-'),
  when(lastSeenMs),
  printable(osqueryVersion ?? '') || '-',
];

/** One entry for each host: first hosts with a node, then hosts that only have fleet issues. */
function asJson(entries: readonly DirectoryEntry[], open: readonly FleetIssue[]): unknown[] {
  const byHost = grouped(open, ({ host }) => host);
  const fleetIssuesOf = (host: string) =>
    (byHost.get(host) ?? []).map(({ kind, firstAtMs, detail }) => ({
      kind,
      since: new Date(firstAtMs).toISOString(),
      detail,
      advice: ISSUE_ADVICE[kind],
    }));
  const enrolled = new Set(entries.map(({ hostIdentifier }) => hostIdentifier));
  const others = [...byHost.keys()].filter((host) => !enrolled.has(host)).sort();
  const nothing = { hostname: null, platform: null, profile: null, osqueryVersion: null, lastSeenAt: null };
  return [
    ...entries.map(({ hostIdentifier, hostname, platform, profile, osqueryVersion, lastSeenMs }) => ({
      host: hostIdentifier,
      hostname: hostname ?? null,
      platform: platform ?? null,
      profile: profile ?? null,
      osqueryVersion: osqueryVersion ?? null,
      lastSeenAt: new Date(lastSeenMs).toISOString(),
      fleetIssues: fleetIssuesOf(hostIdentifier),
    })),
    ...others.map((host) => ({ host, ...nothing, fleetIssues: fleetIssuesOf(host) })),
  ];
}
