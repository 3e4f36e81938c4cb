import { otherHostOf } from '../../core/hosts/resolve-host.ts';
import { clusterOf } from '../../core/ledger/coverage.ts';
import { CLOCK_AHEAD_MS } from '../../core/ledger/ledger-index.ts';
import { type DirectoryEntry, everyEntry, seenFrom } from '../../core/nodes/directory.ts';
import { matchNode } from '../../core/policy/match-node.ts';
import type { NodeMatch } from '../../core/policy/policy.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { CommandError } from '../errors/command-error.ts';
import { hostNamed } from '../names/hosts-named.ts';
import { note, printable } from '../terminal/print.ts';

/** The flags that choose hosts; exactly one is given. */
export interface TargetFlags {
  readonly host?: readonly string[];
  readonly where?: { readonly text: string; readonly match: NodeMatch };
  readonly cluster?: string;
  readonly all?: boolean;
}

/** The hosts of a query. */
export interface Targets {
  /** In the words of the command line. */
  readonly text: string;
  /** What the event says: host identifiers, or conditions. */
  readonly asked: { readonly hosts: readonly string[] } | { readonly where: NodeMatch };
  /** The nodes that this means now. */
  readonly nodes: readonly DirectoryEntry[];
}

type Needs = Pick<Deployment, 'name' | 'chosen' | 'directory' | 'registry' | 'aliases' | 'ledgerIndex' | 'membersOf'>;

const DAY_MS = 86_400_000;
/** How many days of a local ledger to search for hosts of a cluster: a node stays enrolled for a week after its last poll. */
const DAYS_ALONE = 7;

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
  if (cluster !== undefined)
    return named(`cluster ${cluster}`, await hostsOfCluster(cluster, nodes, deployment), nodes);
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

/** The host with this name or unique prefix of a name; otherwise the host with this alias, such as an instance id. */
async function hostOf(name: string, nodes: readonly DirectoryEntry[], deployment: Needs): Promise<string> {
  const host = (await hostNamed(name, deployment)) ?? (await otherHostOf(name, name, { ...deployment, now: Date.now }));
  if (host !== undefined && nodes.some(({ hostIdentifier }) => hostIdentifier === host)) return host;
  throw new CommandError('NOT_FOUND', `no node is enrolled as ${printable(name)}`, {
    next: `"npx mayfly nodes${deployment.chosen}" lists the nodes of ${deployment.name}`,
  });
}

/**
 * The hosts of a cluster: its container instances, according to ECS, and those on which one of its tasks started lately, according
 * to the ledger. The ledger also has tasks on Fargate, whose agents are hosts of their own, and clusters of another account.
 */
async function hostsOfCluster(
  cluster: string,
  nodes: readonly DirectoryEntry[],
  deployment: Needs,
): Promise<readonly string[]> {
  const [seen, members] = await Promise.all([hostsInLedger(cluster, deployment), membersOf(cluster, deployment)]);
  const enrolled = new Set(nodes.map(({ hostIdentifier }) => hostIdentifier));
  const hosts = members.map(async (id) =>
    enrolled.has(id) ? id : otherHostOf(id, id, { ...deployment, now: Date.now }),
  );
  return [...seen, ...(await Promise.all(hosts)).filter((host) => host !== undefined)];
}

async function hostsInLedger(cluster: string, { ledgerIndex, membersOf }: Needs): Promise<Set<string>> {
  const hosts = new Set<string>();
  const nowMs = Date.now();
  const sinceMs = nowMs - (membersOf ? 1 : DAYS_ALONE) * DAY_MS;
  for await (const record of ledgerIndex.between(sinceMs, nowMs + CLOCK_AHEAD_MS)) {
    if (clusterOf(record) === cluster && record.handling?.host) hosts.add(record.handling.host);
  }
  return hosts;
}

/** Errors of ECS that do not affect the hosts found in the ledger. */
const UNLISTED = new Set(['ClusterNotFoundException', 'AccessDeniedException']);

/** The ids of the cluster's instances. Without the right to ask ECS, a note says what is missing. */
async function membersOf(cluster: string, { membersOf: ask }: Needs): Promise<readonly string[]> {
  try {
    return ask ? await ask(cluster) : [];
  } catch (error) {
    if (!(error instanceof Error) || !UNLISTED.has(error.name)) throw error;
    note(
      `ECS does not list the instances of ${printable(cluster)} (${printable(error.message)}): only hosts are asked on which one of ` +
        'its tasks started in the last day.',
    );
    return [];
  }
}
