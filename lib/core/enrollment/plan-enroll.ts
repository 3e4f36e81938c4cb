import { type Fit, fitsBetter } from '../hosts/fit.ts';
import { GRACE_MS, isEnrolled, NODE_TTL_MS, type Node, type NodeIdentity } from '../nodes/node.ts';
import {
  hasLostContest,
  haveSameHardware,
  isPolling,
  isSameAgent,
  mayHaveSameHardware,
  secondAgentName,
} from '../nodes/second-agents.ts';

/** An agent that enrolls, with the facts the decision needs. */
export interface Newcomer {
  /** The `host_identifier` it sent. */
  readonly identifier: string;
  /** The name under decision: the identifier, or the name of a second agent under it. */
  readonly host: string;
  readonly identity: NodeIdentity;
  /** Whether a signed identity document proves which instance it is. */
  readonly attested: boolean;
  /** How AWS's facts match this agent, and the node that has the name. */
  readonly fit: Fit;
  readonly fitBefore: Fit;
  /** How long the node that has the name may stay silent before it counts as gone, ms. */
  readonly contestMs: number;
}

/** Which node an enrollment leads to. */
export type EnrollPlan =
  | { readonly kind: 'same'; readonly node: Node } // enrolled again within the grace period: keeps its key
  /**
   * @property isTakeover another living agent had the name
   * @property displaces that agent still polls, and has to enroll again as a second agent
   */
  | {
      readonly kind: 'new';
      readonly node: Node;
      readonly replaces?: Node;
      readonly isTakeover: boolean;
      readonly displaces: boolean;
    }
  /** @property contests the agent that has the name may be gone: it has to poll to keep the name */
  | { readonly kind: 'second-agent'; readonly host: string; readonly contests: boolean }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'revoked' } // an operator revoked the host
  | { readonly kind: 'ended' }; // the instance was terminated; the agent stops within seconds

/**
 * Decides an enrollment. Agents with one identifier never share a queue or a key: while the first one lives, another gets
 * a name of its own, the same each time, unless it proves that it is the first one or the instance that the name means.
 *
 * @example planEnroll(newcomer, undefined, nowMs) // { kind: 'new', node: { host: 'web-7', … }, isTakeover: false, … }
 */
export function planEnroll(newcomer: Newcomer, before: Node | undefined, nowMs: number): EnrollPlan {
  const { identity } = newcomer;
  // An agent can change what it says about itself, so a revoked name is closed to every agent without a better proof.
  if (before?.revokedAtMs !== undefined && (before.attested || !newcomer.attested)) return { kind: 'revoked' };
  if (before?.endedAtMs !== undefined && mayHaveSameHardware(before.identity, identity)) return { kind: 'ended' };
  if (!isEnrolled(before, nowMs)) {
    const node = nodeOf(newcomer, before, nowMs);
    return { kind: 'new', node, replaces: before, isTakeover: false, displaces: false };
  }
  return isSameAgent(before.identity, identity)
    ? planReturn(newcomer, before, nowMs)
    : planRival(newcomer, before, nowMs);
}

/** The agent that has the name enrolls again. */
function planReturn(newcomer: Newcomer, known: Node, nowMs: number): EnrollPlan {
  const { attested } = newcomer;
  if (nowMs - known.enrolledAtMs < GRACE_MS && known.attested === (attested || undefined))
    return { kind: 'same', node: known };
  if (known.attested && !attested) return { kind: 'refused', why: UNATTESTED };
  const node = nodeOf(newcomer, known, nowMs);
  return { kind: 'new', node, replaces: known, isTakeover: false, displaces: false };
}

/** Another agent than the one that has the name enrolls. */
function planRival(newcomer: Newcomer, known: Node, nowMs: number): EnrollPlan {
  if (!mayReplace(newcomer, known, nowMs)) return asSecondAgent(newcomer, known);
  const displaces = isPolling(known, nowMs) && !hasLostContest(known, newcomer.contestMs, nowMs);
  return { kind: 'new', node: nodeOf(newcomer, known, nowMs), replaces: known, isTakeover: true, displaces };
}

const UNATTESTED = 'This host attested its instance before and has to do so again: see its enroll secret file.';
const NAMELESS =
  'Another living agent uses this host_identifier, and this agent names neither its hardware nor its database.';

/** Whether the newcomer gets the name of a living agent. */
function mayReplace({ attested, fit, fitBefore, contestMs }: Newcomer, known: Node, nowMs: number): boolean {
  if (known.attested && !attested) return false;
  if (attested && !known.attested) return true;
  return !isPolling(known, nowMs) || hasLostContest(known, contestMs, nowMs) || fitsBetter(fit, fitBefore);
}

function asSecondAgent({ identifier, identity }: Newcomer, known: Node): EnrollPlan {
  const host = secondAgentName(identifier, known.identity, identity);
  if (host === undefined || host === known.host) return { kind: 'refused', why: NAMELESS };
  return { kind: 'second-agent', host, contests: haveSameHardware(known.identity, identity) };
}

function nodeOf({ host, identity, attested }: Newcomer, before: Node | undefined, nowMs: number): Node {
  const known = isEnrolled(before, nowMs) ? before : undefined;
  const isSame = before !== undefined && isSameAgent(before.identity, identity);
  const isSameHardware = before !== undefined && (isSame || haveSameHardware(before.identity, identity));
  return {
    host,
    // Always a new epoch: a key of the previous enrollment must not open this one after its grace period.
    epoch: Math.max(Math.floor(nowMs / 1000), (before?.epoch ?? 0) + 1),
    // Only the same agent may keep using its previous key; another agent's key stops working at once.
    previousEpoch: known && isSame ? known.epoch : undefined,
    previousUntilMs: known && isSame ? nowMs + GRACE_MS : undefined,
    enrolledAtMs: nowMs,
    lastSeenMs: nowMs,
    hotUntilMs: known?.hotUntilMs ?? 0,
    rev: before?.rev ?? 0,
    taken: before?.taken ?? {},
    identity,
    instanceId: isSameHardware ? before.instanceId : undefined,
    attested: attested || undefined,
    secondAgents: isSameHardware ? before.secondAgents : undefined,
    expiresAtMs: nowMs + NODE_TTL_MS,
  };
}
