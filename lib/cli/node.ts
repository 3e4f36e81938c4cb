import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { FleetIssue } from '../core/fleet/fleet-issue.ts';
import { lives, type Node } from '../core/nodes/node.ts';
import { type Deployment, type DeploymentFlags, withDeployment, withDeploymentOptions } from './deployment.ts';
import { Exit } from './exit.ts';
import { ADVICE } from './ledger/nodes.ts';
import { columns, examples, JSON_FLAG, note, printable, say, sayJson, when } from './print.ts';

interface RevokeFlags extends DeploymentFlags {
  readonly yes: boolean;
  readonly undo: boolean;
  readonly json: boolean;
}

/** Adds `mayfly node show` and `mayfly node revoke`. */
export function addNode(program: Command): void {
  const node = program.command('node').description('Show one node, or revoke it');
  withDeploymentOptions(node.command('show'))
    .description('Show one node: the identity it enrolled with, when it was last seen, and its fleet issues')
    .argument('<host>', 'its host identifier, as listed by "mayfly nodes"')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('npx mayfly node show i-0a1b2c3d4e5f60718', 'npx mayfly node show web-7 --stack Mayfly --json'),
    )
    .action(show);
  withDeploymentOptions(node.command('revoke'))
    .description('Revoke a node at once and keep its host from enrolling again')
    .argument('<host>', 'its host identifier, as listed by "mayfly nodes"')
    .option('-y, --yes', 'do not ask for confirmation', false)
    .option('--undo', 'let a revoked host enroll again', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly node revoke i-0a1b2c3d4e5f60718', 'npx mayfly node revoke web-7 --stack Mayfly --yes', 'npx mayfly node revoke web-7 --undo')}

Its node key is refused from its next request on, and it gets no more queries. For 90 days no agent can enroll under this
host identifier. The host still has the enroll secret and could enroll under another name: rotate the secret too
(docs/runbook.md, "Revoke a host or a secret").`,
    )
    .action(revoke);
}

async function show(host: string, flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const { node, issues } = await withDeployment(flags, async (deployment) => ({
    node: await known(host, deployment),
    issues: (await deployment.fleetIssues.open(Date.now())).filter((issue) => issue.host === host),
  }));
  if (flags.json) return sayJson(asJson(node, issues));
  say(columns(factsOf(node).map(([name, value]) => [name, printable(value)])));
  for (const { kind, firstAtMs, detail } of issues)
    say(`\n${kind} since ${when(firstAtMs)}: ${printable(detail)}\n  ${ADVICE[kind]}`);
}

async function known(host: string, { registry, name }: Deployment): Promise<Node> {
  const node = await registry.find(host, true);
  if (node) return node;
  throw new Error(`no node of that name is enrolled at ${name}: "npx mayfly nodes" lists those that are`);
}

/** @throws {Exit} 1 when the operator did not confirm */
async function revoke(host: string, flags: RevokeFlags): Promise<void> {
  const { node, name } = await withDeployment(flags, async (deployment) => ({
    node: await known(host, deployment),
    name: deployment.name,
  }));
  // Confirms while no connection is open, because an operator may take their time.
  if (!flags.undo) await confirmed(node, name, flags);
  const done = await withDeployment(flags, async (deployment) => {
    if (flags.undo) return readmit(node, deployment);
    await deployment.registry.revoke(host, Date.now());
    await deployment.directory.remove(host);
    return { host, revoked: true, otherAgents: node.twins ?? [] };
  });
  if (flags.json) return sayJson(done);
  const { revoked, otherAgents } = done;
  say(
    revoked
      ? `${printable(host)} is revoked: its node key is refused from now on. It still has the enroll secret: rotate that too.`
      : `${printable(host)} may enroll again.`,
  );
  for (const agent of otherAgents)
    note(
      `${printable(agent)} enrolled under the same identifier and still has its node key: revoke it too if necessary.`,
    );
}

interface Revocation {
  readonly host: string;
  readonly revoked: boolean;
  /** Second agents under the same identifier. They keep their keys. */
  readonly otherAgents: readonly string[];
}

async function readmit({ host, revokedAtMs }: Node, { registry }: Deployment): Promise<Revocation> {
  if (revokedAtMs === undefined) throw new Error(`${printable(host)} is not revoked`);
  await registry.readmit(host);
  return { host, revoked: false, otherAgents: [] };
}

async function confirmed(node: Node, deployment: string, { yes }: RevokeFlags): Promise<void> {
  if (yes) return;
  const what = `Revoke ${printable(node.host)} (${printable(node.identity.hostname) || 'no host name'}) at ${deployment}?`;
  if (!process.stdin.isTTY) {
    note(`${what} Confirm with --yes.`);
    throw new Exit(1);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${what} [y/N] `).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Exit(1);
}

const timeOf = (atMs: number | undefined): string => (atMs === undefined ? '-' : when(atMs));

const factsOf = (node: Node): [string, string][] => [
  ['host', node.host],
  ['state', stateOf(node)],
  ['hostname', node.identity.hostname || '-'],
  ['instance', node.instanceId ?? '-'],
  ['attested', node.attested ? 'yes' : 'no'],
  ['platform', node.identity.platform || '-'],
  ['osquery', node.identity.osqueryVersion || '-'],
  ['hardware', node.identity.uuid || '-'],
  ['enrolled', timeOf(node.enrolledAtMs)],
  ['last seen', timeOf(node.lastSeenMs)],
  ['other agents', node.twins?.join(' ') ?? '-'],
];

function stateOf(node: Node): string {
  if (node.revokedAtMs !== undefined) return `revoked ${when(node.revokedAtMs)}`;
  if (node.endedAtMs !== undefined) return `ended ${when(node.endedAtMs)}`;
  return lives(node, Date.now()) ? 'enrolled' : 'expired';
}

const isoOf = (atMs: number | undefined): string | null => (atMs === undefined ? null : new Date(atMs).toISOString());

const asJson = (node: Node, issues: readonly FleetIssue[]): unknown => ({
  host: node.host,
  ...node.identity,
  instance: node.instanceId ?? null,
  attested: node.attested === true,
  enrolledAt: isoOf(node.enrolledAtMs),
  lastSeenAt: isoOf(node.lastSeenMs),
  endedAt: isoOf(node.endedAtMs),
  revokedAt: isoOf(node.revokedAtMs),
  otherAgents: node.twins ?? [],
  fleetIssues: issues.map(({ kind, firstAtMs, detail }) => ({
    kind,
    since: isoOf(firstAtMs),
    detail,
    advice: ADVICE[kind],
  })),
});
