import { NO_TRUST } from '../attest/trust.ts';
import { noteSecondAgent, noteUnattested } from '../fleet/note-contest.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import { pollingOf } from '../ledger/bound.ts';
import { directoryEntryOf, factsOf } from '../nodes/directory.ts';
import { identifierOf, looksLikeInstance } from '../nodes/host-identifier.ts';
import { isEnrolled, NODE_TTL_MS, type Node } from '../nodes/node.ts';
import { contestMsOf, hasLostContest, isContested, isSeenDue } from '../nodes/second-agents.ts';
import { pollingEvery, profileFor } from '../policy/agent-config.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { Profile } from '../policy/policy.ts';
import type { TlsApiDeps } from './deps.ts';

type Deps = Pick<
  TlsApiDeps,
  | 'registry'
  | 'aliases'
  | 'queue'
  | 'ledger'
  | 'directory'
  | 'fleetIssues'
  | 'attestation'
  | 'longPoll'
  | 'policy'
  | 'now'
  | 'report'
>;

/** Records that a node polled, every five minutes at most, and repeats what may have failed at its enrollment. */
export async function recordSeen(node: Node, deps: Deps): Promise<void> {
  const { registry, policy, attestation = NO_TRUST } = deps;
  const nowMs = deps.now();
  if (!isSeenDue(node, nowMs)) return;
  await registry.recordPoll(node.host, nowMs);
  const identifier = identifierOf(node.host);
  if (identifier !== node.host) await noteSecondAgent(identifier, node, deps);
  if (attestation.mode !== 'off' && looksLikeInstance(identifier) && !node.attested)
    await noteUnattested(node.host, 'it enrolled without an instance identity document', deps);
  await correctAlias(node.host, deps);
  await listNode({ ...node, lastSeenMs: nowMs }, await policy(), deps);
}

/**
 * Whether the first agent with an identifier is gone, seen from a second agent that shares it. If so, the second agent enrolls
 * again and gets the identifier. If the first agent has polled meanwhile, the contest is over.
 */
export async function hasOutlived(node: Node, holderHost: string, deps: Deps): Promise<boolean> {
  const { registry } = deps;
  const nowMs = deps.now();
  if (nowMs - node.enrolledAtMs < contestMsOf(await nodeIntervalSeconds(node, deps))) return false;
  const holder = await registry.find(holderHost, true);
  if (!isEnrolled(holder, nowMs)) return true;
  if (!isContested(holder)) await registry.endContest(node.host);
  return hasLostContest(holder, contestMsOf(await nodeIntervalSeconds(holder, deps)), nowMs);
}

/** Corrects an alias that equals the name of a live host. It would send that host's queries to another host. */
export async function correctAlias(host: string, deps: Deps): Promise<void> {
  if (await deps.aliases.find(host)) await resolveHost(host, deps);
}

/** Moves the alias of an agent that changed its name, and removes the old name from the directory. */
export async function leaveName(was: string, host: string, deps: Deps): Promise<void> {
  const { aliases, directory, registry, now } = deps;
  const instanceId = (await registry.find(was, true))?.instanceId;
  const alias = instanceId === undefined ? undefined : await aliases.find(instanceId, true);
  if (instanceId !== undefined && alias?.host === was) await aliases.learn(instanceId, host, now(), alias.source);
  await directory.remove(was);
}

/** Writes the node's entry in the directory, where selectors find it. */
export async function listNode(node: Node, policy: CompiledPolicy, deps: Deps): Promise<void> {
  const { name } = nodeProfile(node, policy, deps);
  await deps.directory.record(directoryEntryOf(node, name), deps.now() + NODE_TTL_MS);
}

/** How often the node's profile makes it poll, seconds. */
export async function nodeIntervalSeconds(
  node: Node,
  deps: Pick<TlsApiDeps, 'policy' | 'now' | 'longPoll'>,
): Promise<number> {
  return pollingOf(nodeProfile(node, await deps.policy(), deps), deps.longPoll?.intervalSeconds).intervalSeconds;
}

/** The profile that the policy selects for a node; behind a long-poll front, with that front's polling interval. */
export function nodeProfile(
  node: Node,
  { policy }: CompiledPolicy,
  { now, longPoll }: Pick<TlsApiDeps, 'now' | 'longPoll'>,
): Profile {
  const profile = profileFor(policy.profiles, factsOf(node, now()));
  return longPoll ? pollingEvery(longPoll.intervalSeconds, profile) : profile;
}
