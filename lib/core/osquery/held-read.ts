import type { HeldRead, Look } from '../front/held-reads.ts';
import type { NodeClaim } from '../nodes/node-key.ts';
import { isInFlight, latestOf } from '../queue/offers.ts';
import { defaultLimits } from '../queue/plan-drain.ts';
import type { TimeLeft } from '../results/lines.ts';
import { drainFor } from './answer-node.ts';
import type { TlsApiDeps } from './deps.ts';
import type { Link } from './link.ts';
import { type NodePartition, partitionOf } from './node-access.ts';
import { nodeInvalid, type Reply, work } from './replies.ts';

/** A `resendMs` that no delivery meets, so nothing counts as a repeated read. */
const NO_REPEATS_MS = -1;

/** One for all reads: thousands are held at a time. */
const EMPTY = work([], undefined);

/** A distributed read for a front that holds it. Its agent polls again by itself, so it is never accelerated. */
export function heldRead(claim: NodeClaim, link: Link, timeLeftMs: TimeLeft, deps: TlsApiDeps): HeldRead<Reply> {
  const { limits = defaultLimits, now } = deps;
  const arrivedAtMs = now();
  link.prove?.();
  const look: HeldRead<Reply>['look'] = async ({ isConsistent, isFirst }) => {
    const partition = await partitionOf(claim, deps, isConsistent);
    if (!partition) return { reply: nodeInvalid };
    // Queries that another read took while this one was held are not delivered again, because the agent did not lose that reply.
    const repeats = isFirst ? limits : { ...limits, resendMs: NO_REPEATS_MS };
    const drained = await drainFor(partition, timeLeftMs, { ...deps, limits: repeats });
    if (!drained) return { reply: nodeInvalid };
    if (drained.queries.length > 0) return { reply: work(drained.queries, undefined) };
    return quietLook(partition, claim, { isOvertaken: drained.isOvertaken, arrivedAtMs, nowMs: now() });
  };
  return {
    host: claim.host,
    epoch: claim.epoch,
    untilMs: link.untilMs,
    onClosed: link.onClosed,
    look,
    empty: EMPTY,
  };
}

interface Seen {
  readonly isOvertaken: boolean;
  readonly arrivedAtMs: number;
  readonly nowMs: number;
}

/**
 * The result of a look that delivered nothing. If another read of this node took queries after this read arrived, and the agent
 * still waits for this one, then the other connection is dead. This read then ends soon, and the agent's next read gets the same
 * queries again.
 */
function quietLook(partition: NodePartition, claim: NodeClaim, { isOvertaken, arrivedAtMs, nowMs }: Seen): Look<Reply> {
  const { node, deliveries, pending } = partition;
  const out = deliveries.filter((delivery) => isInFlight(delivery, nowMs));
  if (isOvertaken || out.some((delivery) => latestOf(delivery).atMs >= arrivedAtMs)) return { isOvertaken: true };
  const isQuiet = pending.length === 0 && out.length === deliveries.length && node.contests === undefined;
  if (!isQuiet) return {};
  const keyUntilMs =
    node.epoch === claim.epoch ? node.expiresAtMs : Math.min(node.expiresAtMs, node.previousUntilMs ?? 0);
  return { dueAtMs: Math.min(keyUntilMs, ...out.map(({ leaseUntilMs }) => leaseUntilMs)) };
}
