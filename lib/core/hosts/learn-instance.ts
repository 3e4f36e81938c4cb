import type { Sightings, WorkloadReader } from '../ledger/ledger.ts';
import { lives, type Node } from '../nodes/node.ts';
import type { Alias, Aliases, AliasSource, NodeRegistry } from '../nodes/registry.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { moveNamed, moveWaiting } from '../queue/move.ts';
import { type Fit, fitOf, fitsBetter } from './fit.ts';

export interface LearnDeps {
  readonly queue: HostQueue;
  readonly ledger: Sightings & WorkloadReader;
  readonly registry: NodeRegistry;
  readonly aliases: Aliases;
  readonly now: () => number;
  /** Told of two living hosts that claim one instance. */
  readonly contested?: (contest: Contest) => Promise<void>;
}

export interface Contest {
  readonly instance: string;
  /** The host that is asked about the instance from now on. */
  readonly winner: string;
  readonly loser: string;
}

/** A host that claims an instance, and the one that has it already. */
export interface Rivals {
  readonly source: AliasSource;
  readonly fit: Fit;
  /** The living node that enrolled under the instance id. */
  readonly own?: Pick<Node, 'attested'>;
  /** The living host that claimed it before, and how it fits. */
  readonly owner?: { readonly source: AliasSource; readonly fit: Fit };
}

/**
 * Whether a claim is believed. A living node of that very id yields to an attested host alone, and not if it is attested
 * itself; a host that claimed the instance before yields to one that can show more.
 */
export function isBelieved({ source, fit, own, owner }: Rivals): boolean {
  const isAttested = source === 'attestation';
  if (own) return isAttested && !own.attested;
  if (!owner) return true;
  if (isAttested || owner.source === 'attestation') return isAttested && owner.source !== 'attestation';
  return fitsBetter(fit, owner.fit);
}

/**
 * A host said which EC2 instance it is: from now on events about the instance find it, and queries that waited under
 * the instance id move to it. Safe to repeat.
 *
 * @param attested whether a signed identity document says so, and not only the agent
 */
export async function learnInstance(
  host: string,
  instanceId: string,
  deps: LearnDeps,
  attested = false,
): Promise<'learned' | 'taken'> {
  const { registry, aliases, now } = deps;
  const living = async (name: string | undefined): Promise<Node | undefined> => {
    const node = name === undefined ? undefined : await registry.find(name, true);
    return lives(node, now()) ? node : undefined;
  };
  const [own, alias, node] = await Promise.all([living(instanceId), aliases.find(instanceId, true), living(host)]);
  const owner = alias && alias.host !== host ? await living(alias.host) : undefined;
  const [instance] = await deps.ledger.read([instanceId]);
  const fit = node ? fitOf(node, instance, now()) : 'unknown';
  const source = attested ? 'attestation' : fit === 'fits' ? 'aws' : 'agent';
  const ownerFit = owner && alias && fitOf(owner, instance, alias.sinceMs || owner.enrolledAtMs);
  const rivals = { source, fit, own, owner: ownerFit && alias && { source: alias.source, fit: ownerFit } } as const;
  const holder = own?.host ?? owner?.host;
  if (!isBelieved(rivals)) {
    if (holder) await deps.contested?.({ instance: instanceId, winner: holder, loser: host });
    return 'taken';
  }
  if (isNews(alias, host, source)) await aliases.learn(instanceId, host, now(), source);
  await registry.recordInstance(host, instanceId); // so that the instance's end is the node's, and nobody else's
  // Also when this was known: a function may have died before it got here.
  await moveWaiting(instanceId, host, deps);
  // Of one that lives no more as well: what was asked of it is lost else.
  const holders = new Set([own?.host, alias?.host].filter((name) => name !== undefined));
  for (const former of holders) await moveNamed(instanceId, former, host, deps);
  if (holder) {
    await deps.contested?.({ instance: instanceId, winner: host, loser: holder });
  }
  return 'learned';
}

const WORTH: Readonly<Record<AliasSource, number>> = { agent: 0, aws: 1, attestation: 2 };

/** Whether an alias is to be written: another host, or a better word for the same one. */
const isNews = (alias: Alias | undefined, host: string, source: AliasSource): boolean =>
  alias?.host !== host || WORTH[source] > WORTH[alias.source];
