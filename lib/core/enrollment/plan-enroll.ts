import { type Fit, fitsBetter } from '../hosts/fit.ts';
import { GRACE_MS, lives, NODE_TTL_MS, type Node, type NodeIdentity } from '../nodes/node.ts';
import { areOneMachine, isHeard, isLost, isSameAgent, mayBeOneMachine, twinName } from '../nodes/twins.ts';

/** Who enrolls, and what is known when that is decided. */
export interface Newcomer {
  /** The identifier it came with. */
  readonly identifier: string;
  /** The name that is looked at: the identifier, or that of a second agent. */
  readonly host: string;
  readonly identity: NodeIdentity;
  /** Whether a signed identity document says that it is the instance it names. */
  readonly attested: boolean;
  /** What AWS's facts say of it, and of the node that is there. */
  readonly fit: Fit;
  readonly fitBefore: Fit;
  /** How long the node that is there has to show that it lives. */
  readonly contestMs: number;
}

/** What an enrollment makes of the node that was there before. */
export type EnrollPlan =
  | { readonly kind: 'same'; readonly node: Node } // again within the grace period: the same key
  /**
   * @property isTakeover another agent had the name
   * @property displaces it lives, and has to come back as a second one
   */
  | {
      readonly kind: 'new';
      readonly node: Node;
      readonly replaces?: Node;
      readonly isTakeover: boolean;
      readonly displaces: boolean;
    }
  /** @property contests the agent that is there may be gone: it has to show that it lives */
  | { readonly kind: 'twin'; readonly host: string; readonly contests: boolean }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'revoked' } // an operator keeps it out
  | { readonly kind: 'ended' }; // its instance was terminated: it will be gone in a moment

/**
 * Decides an enrollment. Agents with one identifier never share a queue or a key: while the first one lives, another gets
 * a name of its own, the same each time, unless it can prove to be the first one or to be the instance that is meant.
 */
export function planEnroll(newcomer: Newcomer, before: Node | undefined, nowMs: number): EnrollPlan {
  const { identity } = newcomer;
  const isSame = before !== undefined && isSameAgent(before.identity, identity);
  // What an agent says of itself is easily changed, so a revoked name is closed to all but one that attests it.
  if (before?.revokedAtMs !== undefined && (before.attested || !newcomer.attested)) return { kind: 'revoked' };
  if (before?.endedAtMs !== undefined && mayBeOneMachine(before.identity, identity)) return { kind: 'ended' };
  const known = lives(before, nowMs) ? before : undefined;
  if (known && isSame && nowMs - known.enrolledAtMs < GRACE_MS && known.attested === (newcomer.attested || undefined))
    return { kind: 'same', node: known };
  if (known?.attested && isSame && !newcomer.attested) return { kind: 'refused', why: UNATTESTED };
  if (known && !isSame && !mayReplace(newcomer, known, nowMs)) return asTwin(newcomer, known);
  return {
    kind: 'new',
    node: nodeOf(newcomer, before, nowMs),
    replaces: before,
    isTakeover: known !== undefined && !isSame,
    displaces: known !== undefined && !isSame && isHeard(known, nowMs) && !isLost(known, newcomer.contestMs, nowMs),
  };
}

const UNATTESTED = 'This host attested its instance before, and has to do so again: see its enroll secret file.';
const NAMELESS =
  'Another agent lives under this host_identifier, and this one names neither its hardware nor its database.';

/** Whether another agent yields its name. */
function mayReplace({ attested, fit, fitBefore, contestMs }: Newcomer, known: Node, nowMs: number): boolean {
  if (known.attested && !attested) return false;
  if (attested && !known.attested) return true;
  return !isHeard(known, nowMs) || isLost(known, contestMs, nowMs) || fitsBetter(fit, fitBefore);
}

function asTwin({ identifier, identity }: Newcomer, known: Node): EnrollPlan {
  const host = twinName(identifier, known.identity, identity);
  if (host === undefined || host === known.host) return { kind: 'refused', why: NAMELESS };
  return { kind: 'twin', host, contests: areOneMachine(known.identity, identity) };
}

function nodeOf({ host, identity, attested }: Newcomer, before: Node | undefined, nowMs: number): Node {
  const known = lives(before, nowMs) ? before : undefined;
  const isSame = before !== undefined && isSameAgent(before.identity, identity);
  const isSameMachine = before !== undefined && (isSame || areOneMachine(before.identity, identity));
  return {
    host,
    // Never the epoch before: a key of it must not open this enrollment once its grace is over.
    epoch: Math.max(Math.floor(nowMs / 1000), (before?.epoch ?? 0) + 1),
    // A key of another agent dies at once.
    previousEpoch: known && isSame ? known.epoch : undefined,
    previousUntilMs: known && isSame ? nowMs + GRACE_MS : undefined,
    enrolledAtMs: nowMs,
    lastSeenMs: nowMs,
    hotUntilMs: known?.hotUntilMs ?? 0,
    rev: before?.rev ?? 0,
    taken: before?.taken ?? {},
    identity,
    instanceId: isSameMachine ? before.instanceId : undefined,
    attested: attested || undefined,
    twins: isSameMachine ? before.twins : undefined,
    expiresAtMs: nowMs + NODE_TTL_MS,
  };
}
