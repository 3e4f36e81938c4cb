import type { FleetIssue } from '../../core/fleet/fleet-issue.ts';
import { factsOf } from '../../core/nodes/directory.ts';
import { isEnrolled, type Node } from '../../core/nodes/node.ts';
import { profileFor } from '../../core/policy/agent-config.ts';
import { withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { ISSUE_ADVICE } from '../ledger/nodes.ts';
import { isoOf } from '../terminal/iso.ts';
import { columns, printable, prose, say, sayJson, when } from '../terminal/print.ts';
import { known } from './known.ts';

/** Shows the identity of a node, the profile that the live policy gives it, and its fleet issues. */
export async function show(host: string, flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const { node, profile, issues } = await withDeployment(flags, async (deployment) => {
    const node = await known(host, deployment);
    const open = await deployment.fleetIssues.open(Date.now());
    const policy = (await deployment.store.current())?.policy;
    const profile = policy && profileFor(policy.profiles, factsOf(node, Date.now())).name;
    return { node, profile, issues: open.filter((issue) => issue.host === node.host) };
  });
  if (flags.json) return sayJson(asJson(node, profile, issues));
  say(columns(rowsOf(node, profile).map(([name, value]) => [name, printable(value)])));
  for (const { kind, firstAtMs, detail } of issues)
    say(`\n${prose(`${kind} since ${when(firstAtMs)}: ${printable(detail)}`)}\n${prose(ISSUE_ADVICE[kind], '  ')}`);
}

const timeOf = (atMs: number | undefined): string => (atMs === undefined ? '-' : when(atMs));

const rowsOf = (node: Node, profile: string | undefined): [string, string][] => [
  ['host', node.host],
  ['state', stateOf(node)],
  ['hostname', node.identity.hostname || '-'],
  ['instance', node.instanceId ?? '-'],
  ['attested', node.attested ? 'yes' : 'no'],
  ['profile', profile ?? '-'],
  ['platform', node.identity.platform || '-'],
  ['osquery', node.identity.osqueryVersion || '-'],
  ['hardware', node.identity.uuid || '-'],
  ['enrolled', timeOf(node.enrolledAtMs)],
  ['last seen', timeOf(node.lastSeenMs)],
  ['other agents', node.secondAgents?.join(' ') ?? '-'],
];

function stateOf(node: Node): string {
  if (node.revokedAtMs !== undefined) return `revoked ${when(node.revokedAtMs)}`;
  if (node.endedAtMs !== undefined) return `ended ${when(node.endedAtMs)}`;
  return isEnrolled(node, Date.now()) ? 'enrolled' : 'expired';
}

const asJson = (node: Node, profile: string | undefined, issues: readonly FleetIssue[]): unknown => ({
  host: node.host,
  ...node.identity,
  instance: node.instanceId ?? null,
  attested: node.attested === true,
  profile: profile ?? null,
  enrolledAt: isoOf(node.enrolledAtMs),
  lastSeenAt: isoOf(node.lastSeenMs),
  endedAt: isoOf(node.endedAtMs),
  revokedAt: isoOf(node.revokedAtMs),
  otherAgents: node.secondAgents ?? [],
  fleetIssues: issues.map(({ kind, firstAtMs, detail }) => ({
    kind,
    since: isoOf(firstAtMs),
    detail,
    advice: ISSUE_ADVICE[kind],
  })),
});
