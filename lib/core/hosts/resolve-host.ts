import type { Sightings } from '../ledger/ledger.ts';
import { identifierOf } from '../nodes/host-identifier.ts';
import type { Node } from '../nodes/node.ts';
import type { Alias, Aliases, NodeReader } from '../nodes/registry.ts';
import { chooseAgent } from '../nodes/twins.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { moveNamed } from '../queue/move.ts';
import type { Report } from '../report.ts';

/** What the decision needs of a node. */
export type NamedNode = Pick<Node, 'host' | 'expiresAtMs' | 'endedAtMs' | 'instanceId' | 'attested'>;

/** What is known of a name: an instance id, or any other name of a host. */
export interface NameFacts {
  readonly name: string;
  /** The node that enrolled under this very name. */
  readonly own?: NamedNode;
  readonly alias?: Alias;
  /** The node of the host that the alias names. */
  readonly aliased?: NamedNode;
}

/** Which host a name means. */
export interface Decision {
  readonly host: string;
  /** The host that the alias names although it is another one. */
  readonly wrong?: string;
}

/**
 * Decides which host a name means. The order of trust: an attested node of that name, an attested alias, a living node of
 * that very name, an alias by AWS's facts, an alias by the agent's own word (of these last two only one is ever kept).
 */
export function decideHost({ name, own, alias, aliased }: NameFacts, nowMs: number): Decision {
  if (!alias || alias.host === name) return { host: name };
  const wrong = { host: name, wrong: alias.host };
  const isOwn = own !== undefined && own.endedAtMs === undefined && own.expiresAtMs > nowMs;
  if (isOwn && own.attested) return wrong;
  const isAliased = aliased !== undefined && aliased.endedAtMs === undefined && aliased.expiresAtMs > nowMs;
  // By now it says that it is another instance.
  if (isAliased && aliased.instanceId !== undefined && aliased.instanceId !== name) return wrong;
  if (isAliased && aliased.attested && alias.source === 'attestation') return { host: alias.host };
  return isOwn ? wrong : { host: alias.host };
}

/** A host as a name was resolved to it. */
export interface Resolved {
  readonly host: string;
  readonly node?: Node;
  /** The name, where it is another than the host's own. */
  readonly alias?: string;
}

export interface HostDeps {
  readonly registry: NodeReader;
  readonly aliases: Aliases;
  readonly queue: HostQueue;
  readonly ledger: Sightings;
  readonly report: Report;
  readonly now: () => number; // epoch ms
}

/**
 * The host that a name means now. A wrong alias is removed on the way, and what was queued because of it moves to the
 * right host.
 */
export async function resolveHost(name: string, deps: HostDeps): Promise<Resolved> {
  const seen = await look(name, deps, false);
  if (seen.decision.wrong === undefined) return seen.resolved;
  // Never on an old read: an alias that is removed is learned again only at the next enrollment.
  const { decision, resolved } = await look(name, deps, true);
  const { host, wrong } = decision;
  if (wrong === undefined) return resolved;
  // Moved before the alias goes: after a crash in between, the alias brings the next one here again.
  await moveNamed(name, wrong, host, deps);
  await deps.aliases.forget(name, wrong);
  deps.report('alias_corrected', { alias: name, wrong, host });
  return resolved;
}

async function look(
  name: string,
  { registry, aliases, now }: Pick<HostDeps, 'registry' | 'aliases' | 'now'>,
  consistent: boolean,
): Promise<{ readonly decision: Decision; readonly resolved: Resolved }> {
  const [own, alias] = await Promise.all([registry.find(name, consistent), aliases.find(name, consistent)]);
  const aliased = alias && alias.host !== name ? await registry.find(alias.host, consistent) : undefined;
  const decision = decideHost({ name, own, alias, aliased }, now());
  const holder = decision.host === name ? own : aliased;
  const twins = await Promise.all((holder?.twins ?? []).map((twin) => registry.find(twin, consistent)));
  const found = twins.filter((twin) => twin !== undefined);
  const node = holder && chooseAgent(holder, found, now());
  const host = node?.host ?? decision.host;
  return { decision, resolved: { host, node, alias: host === name ? undefined : name } };
}

/** The host that a name under which a host was asked means by now, where that is another one. */
export async function otherHostOf(
  name: string,
  host: string,
  deps: Pick<HostDeps, 'registry' | 'aliases' | 'now'>,
): Promise<string | undefined> {
  const { decision, resolved } = await look(name, deps, true);
  // The alias may name one of several agents on the host, by the name that it was given.
  return identifierOf(decision.host) === identifierOf(host) ? undefined : resolved.host;
}
