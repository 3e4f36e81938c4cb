import type { Sightings } from '../ledger/ledger.ts';
import { identifierOf } from '../nodes/host-identifier.ts';
import type { Node } from '../nodes/node.ts';
import type { Alias, Aliases, NodeReader } from '../nodes/registry.ts';
import { chooseAgent } from '../nodes/second-agents.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { moveNamed } from '../queue/move.ts';
import type { Report } from '../reports/report.ts';

/** The fields of a node that the decision uses. */
export type NamedNode = Pick<Node, 'host' | 'expiresAtMs' | 'endedAtMs' | 'instanceId' | 'attested'>;

/** What is recorded about a name: a host identifier or an alias. */
export interface NameFacts {
  readonly name: string;
  /** The node that enrolled under this name. */
  readonly own?: NamedNode;
  readonly alias?: Alias;
  /** The node of the host that the alias points to. */
  readonly aliased?: NamedNode;
}

/** The host that a name means. */
export interface Decision {
  readonly host: string;
  /** The host that the alias points to by mistake. */
  readonly wrong?: string;
}

/**
 * Decides which host a name means. In order of trust: an attested node of that name, an attested alias, a living node of
 * that name, an alias backed by AWS's facts, an alias reported by the agent (only one of the last two is ever stored).
 *
 * @example decideHost({ name: 'i-0a…', alias: { host: 'web-7', source: 'aws', sinceMs } }, nowMs) // { host: 'web-7' }
 */
export function decideHost({ name, own, alias, aliased }: NameFacts, nowMs: number): Decision {
  if (!alias || alias.host === name) return { host: name };
  const wrong = { host: name, wrong: alias.host };
  const isOwn = own !== undefined && own.endedAtMs === undefined && own.expiresAtMs > nowMs;
  if (isOwn && own.attested) return wrong;
  const isAliased = aliased !== undefined && aliased.endedAtMs === undefined && aliased.expiresAtMs > nowMs;
  // It now claims to be another instance.
  if (isAliased && aliased.instanceId !== undefined && aliased.instanceId !== name) return wrong;
  if (isAliased && aliased.attested && alias.source === 'attestation') return { host: alias.host };
  return isOwn ? wrong : { host: alias.host };
}

/** The host that a name was resolved to. */
export interface Resolved {
  readonly host: string;
  readonly node?: Node;
  /** The name, if it is not the host's own. */
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
 * Finds the host that a name means now. Removes a wrong alias, and moves queries that were queued because of it to the right
 * host.
 *
 * @example await resolveHost('i-0a…', deps) // { host: 'web-7', node, alias: 'i-0a…' }
 */
export async function resolveHost(name: string, deps: HostDeps): Promise<Resolved> {
  const seen = await hostMeant(name, deps, false);
  if (seen.decision.wrong === undefined) return seen.resolved;
  // Reads again consistently before removing: a removed alias is learned again only at the next enrollment.
  const { decision, resolved } = await hostMeant(name, deps, true);
  const { host, wrong } = decision;
  if (wrong === undefined) return resolved;
  // Moves before removing: after a crash in between, the alias leads the next caller here again.
  await moveNamed(name, wrong, host, deps);
  await deps.aliases.forget(name, wrong);
  deps.report('alias_corrected', { alias: name, wrong, host });
  return resolved;
}

async function hostMeant(
  name: string,
  { registry, aliases, now }: Pick<HostDeps, 'registry' | 'aliases' | 'now'>,
  consistent: boolean,
): Promise<{ readonly decision: Decision; readonly resolved: Resolved }> {
  const [own, alias] = await Promise.all([registry.find(name, consistent), aliases.find(name, consistent)]);
  const aliased = alias && alias.host !== name ? await registry.find(alias.host, consistent) : undefined;
  const decision = decideHost({ name, own, alias, aliased }, now());
  const holder = decision.host === name ? own : aliased;
  const agents = await Promise.all((holder?.secondAgents ?? []).map((name) => registry.find(name, consistent)));
  const found = agents.filter((agent) => agent !== undefined);
  const node = holder && chooseAgent(holder, found, now());
  const host = node?.host ?? decision.host;
  return { decision, resolved: { host, node, alias: host === name ? undefined : name } };
}

/** The host that an alias means now; undefined if it still means this host. */
export async function otherHostOf(
  name: string,
  host: string,
  deps: Pick<HostDeps, 'registry' | 'aliases' | 'now'>,
): Promise<string | undefined> {
  const { decision, resolved } = await hostMeant(name, deps, true);
  // The alias may point to a second agent on the same host, whose name has a suffix.
  return identifierOf(decision.host) === identifierOf(host) ? undefined : resolved.host;
}
