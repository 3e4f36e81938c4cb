import { otherHostOf } from '../../core/hosts/resolve-host.ts';
import { clusterOf } from '../../core/ledger/coverage.ts';
import { CLOCK_AHEAD_MS } from '../../core/ledger/ledger-index.ts';
import { type DirectoryEntry, everyEntry, seenFrom } from '../../core/nodes/directory.ts';
import { matchNode } from '../../core/policy/match-node.ts';
import type { NodeMatch } from '../../core/policy/policy.ts';
import { CommandError } from '../command-error.ts';
import type { Deployment } from '../deployment.ts';
import { hostNamed } from '../hosts-named.ts';
import { printable } from '../print.ts';

/** The flags that say whom to ask: one of them. */
export interface TargetFlags {
  readonly host?: readonly string[];
  readonly where?: { readonly text: string; readonly match: NodeMatch };
  readonly cluster?: string;
  readonly all?: boolean;
}

/** Whom a question is for. */
export interface Targets {
  /** In the words of the command line. */
  readonly text: string;
  /** What the event says: host identifiers, or conditions. */
  readonly asked: { readonly hosts: readonly string[] } | { readonly where: NodeMatch };
  /** The nodes that this means now. */
  readonly nodes: readonly DirectoryEntry[];
}

type Needs = Pick<Deployment, 'name' | 'chosen' | 'directory' | 'registry' | 'aliases' | 'ledgerIndex'>;

const DAY_MS = 86_400_000;

/**
 * Finds the nodes that the flags mean.
 *
 * @throws {CommandError} `NOT_FOUND` if there are none
 */
export async function targetsOf(flags: TargetFlags, deployment: Needs): Promise<Targets> {
  const nodes = await everyEntry(deployment.directory);
  const targets = await resolved(flags, nodes, deployment);
  if (targets.nodes.length > 0) return targets;
  throw new CommandError('NOT_FOUND', `no host to ask: no enrolled node matches ${printable(targets.text)}`, {
    next: `"npx mayfly nodes${deployment.chosen}" lists those of ${deployment.name}`,
  });
}

async function resolved(flags: TargetFlags, nodes: readonly DirectoryEntry[], deployment: Needs): Promise<Targets> {
  const { host, where, cluster } = flags;
  if (where) return { text: where.text, asked: { where: where.match }, nodes: matching(nodes, where.match) };
  if (cluster !== undefined) return named(`cluster ${cluster}`, await hostsOfCluster(cluster, deployment), nodes);
  if (host) {
    const hosts = await Promise.all(host.map((name) => hostOf(name, nodes, deployment)));
    return named(host.join(', '), hosts, nodes);
  }
  return { text: 'all', asked: { where: {} }, nodes };
}

const matching = (nodes: readonly DirectoryEntry[], match: NodeMatch): DirectoryEntry[] =>
  nodes.filter((node) => matchNode(match, seenFrom(node, Date.now())));

function named(text: string, hosts: readonly string[], nodes: readonly DirectoryEntry[]): Targets {
  const meant = new Set(hosts);
  const found = nodes.filter(({ hostIdentifier }) => meant.has(hostIdentifier));
  return { text, asked: { hosts: found.map(({ hostIdentifier }) => hostIdentifier) }, nodes: found };
}

/** The host of this name or unique beginning of a name; else the host of this alias, such as an instance id. */
async function hostOf(name: string, nodes: readonly DirectoryEntry[], deployment: Needs): Promise<string> {
  const host = (await hostNamed(name, deployment)) ?? (await otherHostOf(name, name, { ...deployment, now: Date.now }));
  if (host !== undefined && nodes.some(({ hostIdentifier }) => hostIdentifier === host)) return host;
  throw new CommandError('NOT_FOUND', `no node is enrolled as ${printable(name)}`, {
    next: `"npx mayfly nodes${deployment.chosen}" lists the nodes of ${deployment.name}`,
  });
}

/** The hosts on which a task of the cluster started in the last day, according to the ledger. */
async function hostsOfCluster(cluster: string, { ledgerIndex }: Needs): Promise<string[]> {
  const hosts = new Set<string>();
  const nowMs = Date.now();
  for await (const record of ledgerIndex.between(nowMs - DAY_MS, nowMs + CLOCK_AHEAD_MS)) {
    if (clusterOf(record) === cluster && record.handling?.host) hosts.add(record.handling.host);
  }
  return [...hosts];
}
