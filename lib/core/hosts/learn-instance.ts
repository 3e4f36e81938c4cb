import type { Sightings, WorkloadReader } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { isEnrolled, type Node } from '../nodes/node.ts';
import type { Alias, Aliases, AliasSource, NodeReader, NodeState } from '../nodes/registry.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { moveNamed, moveWaiting } from '../queue/move.ts';
import { type Fit, fitOf, fitsBetter } from './fit.ts';

export interface LearnDeps {
  readonly queue: HostQueue;
  readonly ledger: Sightings & WorkloadReader;
  readonly registry: NodeReader & Pick<NodeState, 'recordInstance'>;
  readonly aliases: Aliases;
  readonly now: () => number;
  /** Called when two living hosts claim one instance. */
  readonly contested?: (contest: Contest) => Promise<void>;
}

/** Two living hosts that claim one instance. */
export interface Contest {
  readonly instance: string;
  /** The host that gets queries about the instance from now on. */
  readonly winner: string;
  readonly loser: string;
}

/** A host that claims an instance, and the hosts that already have it. */
export interface Rivals {
  readonly source: AliasSource;
  readonly fit: Fit;
  /** The living node that enrolled under the instance id. */
  readonly own?: Pick<Node, 'attested'>;
  /** The living host that claimed the instance earlier. */
  readonly owner?: { readonly source: AliasSource; readonly fit: Fit };
}

/**
 * Decides whether a claim is believed. A living node that enrolled under the instance id yields only to an attested host,
 * and only if it is not attested itself. A host with an earlier claim yields to one with better proof.
 *
 * @example isBelieved({ source: 'aws', fit: 'fits', owner: { source: 'agent', fit: 'unknown' } }) // true
 */
export function isBelieved({ source, fit, own, owner }: Rivals): boolean {
  const isAttested = source === 'attestation';
  if (own) return isAttested && !own.attested;
  if (!owner) return true;
  if (isAttested || owner.source === 'attestation') return isAttested && owner.source !== 'attestation';
  return fitsBetter(fit, owner.fit);
}

/**
 * Records which EC2 instance a host is: later events about the instance reach the host, and queries pending under the
 * instance id move to it. Idempotent.
 *
 * @param attested true if a signed identity document proves it; false if only the agent reports it
 * @returns `taken` if another host with better proof keeps the instance
 */
export async function learnInstance(
  host: string,
  instanceId: string,
  deps: LearnDeps,
  attested = false,
): Promise<'learned' | 'taken'> {
  const claim = await readClaim(host, instanceId, attested, deps);
  const holder = claim.own?.host ?? claim.owner?.host;
  if (!isBelieved(claim)) {
    if (holder) await deps.contested?.({ instance: instanceId, winner: holder, loser: host });
    return 'taken';
  }
  await assign(host, instanceId, claim, deps);
  if (holder) await deps.contested?.({ instance: instanceId, winner: host, loser: holder });
  return 'learned';
}

/** A claim with the records it was read from. */
interface Claim extends Rivals {
  readonly alias?: Alias;
  readonly own?: Node;
  readonly owner?: { readonly host: string; readonly source: AliasSource; readonly fit: Fit };
}

async function readClaim(
  host: string,
  instanceId: string,
  attested: boolean,
  { registry, aliases, ledger, now }: LearnDeps,
): Promise<Claim> {
  const living = async (name: string): Promise<Node | undefined> => {
    const node = await registry.find(name, true);
    return isEnrolled(node, now()) ? node : undefined;
  };
  const [own, alias, node] = await Promise.all([living(instanceId), aliases.find(instanceId, true), living(host)]);
  const rival = alias && alias.host !== host ? await living(alias.host) : undefined;
  const [instance] = await ledger.read([instanceId]);
  const fit = node ? fitOf(node, instance, now()) : 'unknown';
  const owner = rival && alias && ownerOf(rival, alias, instance);
  return { source: sourceOf(attested, fit), fit, own, owner, alias };
}

function sourceOf(attested: boolean, fit: Fit): AliasSource {
  if (attested) return 'attestation';
  return fit === 'fits' ? 'aws' : 'agent';
}

const ownerOf = (node: Node, { source, sinceMs }: Alias, instance: WorkloadRecord | undefined) => ({
  host: node.host,
  source,
  fit: fitOf(node, instance, sinceMs || node.enrolledAtMs),
});

/** Writes the alias, and moves the queries of the instance to the host. */
async function assign(host: string, instanceId: string, { source, own, alias }: Claim, deps: LearnDeps): Promise<void> {
  const { registry, aliases, now } = deps;
  if (isNews(alias, host, source)) await aliases.learn(instanceId, host, now(), source);
  await registry.recordInstance(host, instanceId); // so that the end of the instance ends this node and no other
  // Repeated even if the alias was known: an earlier invocation may have died before this line.
  await moveWaiting(instanceId, host, deps);
  // A former host that is gone counts too: its queries would be lost otherwise.
  const formerHosts = new Set([own?.host, alias?.host].filter((name) => name !== undefined));
  for (const former of formerHosts) await moveNamed(instanceId, former, host, deps);
}

const RANK: Readonly<Record<AliasSource, number>> = { agent: 0, aws: 1, attestation: 2 };

/** Whether to write the alias: it names another host, or the proof for the same host is better now. */
const isNews = (alias: Alias | undefined, host: string, source: AliasSource): boolean =>
  alias?.host !== host || RANK[source] > RANK[alias.source];
