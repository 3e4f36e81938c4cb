import { createHash } from 'node:crypto';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { matchNode } from '../policy/match-node.ts';
import { type AskDeps, enqueue, questions } from '../queue/ask.ts';
import { askingOf, heatSecondsOf } from '../queue/asking.ts';
import { factsOf } from './directory.ts';
import { GRACE_MS, lives, NODE_TTL_MS, type Node, type NodeIdentity, SILENT_AFTER_MS } from './node.ts';

/** An enroll request after its secret was accepted. */
export interface Enrollment {
  readonly hostIdentifier: string;
  readonly identity: NodeIdentity;
}

/** What an enrollment makes of the node that was there before. */
export type EnrollPlan =
  | { readonly kind: 'same'; readonly node: Node } // again within the grace period: the same key
  | { readonly kind: 'new'; readonly node: Node; readonly replaces?: Node }
  | { readonly kind: 'twin'; readonly host: string } // another machine lives under this identifier
  | { readonly kind: 'ended' }; // its instance was terminated: it will be gone in a moment

/**
 * Decides an enrollment. Two machines with one identifier (cloned images) never share a queue: the second to come
 * gets a host of its own while the first is alive, named after its machine, so it gets the same one each time.
 */
export function planEnroll(host: string, identity: NodeIdentity, before: Node | undefined, nowMs: number): EnrollPlan {
  const isSame = before !== undefined && areOne(before.identity, identity);
  if (isSame && before.endedAtMs !== undefined) return { kind: 'ended' };
  const known = lives(before, nowMs) ? before : undefined;
  if (known && areTwo(known.identity, identity) && nowMs - known.lastSeenMs < SILENT_AFTER_MS) {
    return { kind: 'twin', host: twinOf(host, identity) };
  }
  if (known && known.identity.agentInstance === identity.agentInstance && nowMs - known.enrolledAtMs < GRACE_MS) {
    return { kind: 'same', node: known };
  }
  const node: Node = {
    host,
    // Never the epoch before: a key of it must not open this enrollment once its grace is over.
    epoch: Math.max(Math.floor(nowMs / 1000), (before?.epoch ?? 0) + 1),
    ...(known ? { previousEpoch: known.epoch, previousUntilMs: nowMs + GRACE_MS } : {}),
    enrolledAtMs: nowMs,
    lastSeenMs: nowMs,
    hotUntilMs: known?.hotUntilMs ?? 0,
    rev: before?.rev ?? 0,
    taken: before?.taken ?? {},
    identity,
    ...(isSame && before.instanceId ? { instanceId: before.instanceId } : {}),
    expiresAtMs: nowMs + NODE_TTL_MS,
  };
  return before ? { kind: 'new', node, replaces: before } : { kind: 'new', node };
}

/** Whether this is one machine for sure: by its hardware, else by the database of its agent. */
const areOne = (one: NodeIdentity, other: NodeIdentity): boolean =>
  one.uuid && other.uuid
    ? one.uuid === other.uuid
    : one.agentInstance !== '' && one.agentInstance === other.agentInstance;

/** Whether these are two machines for sure. */
const areTwo = (one: NodeIdentity, other: NodeIdentity): boolean =>
  one.uuid !== '' && other.uuid !== '' && one.uuid !== other.uuid;

const twinOf = (host: string, identity: NodeIdentity): string =>
  `${host}~${createHash('sha256').update(identity.uuid).digest('hex').slice(0, 8)}`;

export type Enrolled =
  | {
      readonly kind: 'enrolled';
      readonly node: Node;
      /** Its identifier was somebody else's. */
      readonly twin: boolean;
      readonly fresh: boolean;
    }
  | { readonly kind: 'ended' };

/** Enrolls a node, unless its instance was terminated, and queues the enrollment queries, each once. */
export async function enroll(
  { hostIdentifier, identity }: Enrollment,
  policy: CompiledPolicy,
  deps: AskDeps,
): Promise<Enrolled> {
  const { registry, now } = deps;
  const nowMs = now();
  let host = hostIdentifier;
  // A lost race is decided anew on what the winner wrote: at most one winner each round.
  for (let round = 0; round < 5; round++) {
    const before = await registry.find(host, true);
    const gone = () => isGone(host, identity, before, deps);
    if (await gone()) return { kind: 'ended' };
    const plan = planEnroll(host, identity, before, nowMs);
    if (plan.kind === 'twin') {
      host = plan.host;
      continue;
    }
    if (plan.kind === 'ended') return plan;
    const twin = host !== hostIdentifier;
    if (plan.kind === 'same') return { kind: 'enrolled', node: plan.node, twin, fresh: false };
    // Queued before the node exists: a crash here asks again, the other order would never ask.
    const heatMs = await askOnEnrollment(plan.node, plan.replaces, policy, deps);
    const node = { ...plan.node, hotUntilMs: Math.max(plan.node.hotUntilMs, nowMs + heatMs) };
    if (!(await registry.enroll(node, plan.replaces))) continue;
    // Whoever ends an instance notes that and then looks for its node, whoever enrolls looks after the node is written: one
    // of them sees the other.
    if (!(await gone())) return { kind: 'enrolled', node, twin, fresh: true };
    await registry.end(host, now());
    return { kind: 'ended' };
  }
  throw new Error(`enrollment of ${hostIdentifier} lost five races in a row`);
}

/**
 * Whether the name is that of an instance which has ended, and whoever enrolls may be it: nobody else is ever given its id,
 * but a machine from its image may have been taught it. What replaces a living node is not asked about: who ends the
 * instance ends that node.
 */
async function isGone(
  host: string,
  identity: NodeIdentity,
  before: Node | undefined,
  { ledger, now }: AskDeps,
): Promise<boolean> {
  if (!host.startsWith('i-') || (before && areTwo(before.identity, identity))) return false;
  if (lives(before, now())) return false;
  const [instance] = await ledger.read([host]);
  return instance?.stopped ?? false;
}

/**
 * Ids come from the enrollment that is replaced, so all who race to replace it ask the same.
 *
 * @returns for how long, in ms, the rules want the node to poll fast: it has no record yet that could say so
 */
async function askOnEnrollment(
  node: Node,
  replaces: Node | undefined,
  { enrollmentRules, policy }: CompiledPolicy,
  deps: AskDeps,
): Promise<number> {
  const facts = factsOf(node, deps.now());
  const rules = enrollmentRules.filter(
    ({ on }) => 'enrollment' in on && (on.enrollment === true || matchNode(on.enrollment, facts)),
  );
  const cause = {
    key: `enroll ${node.host} after ${replaces?.epoch ?? 0}`,
    trigger: { node: facts },
    subjects: [],
    decorations: {},
    triggeredAtMs: node.enrolledAtMs,
    receivedAtMs: node.enrolledAtMs,
  };
  const askings = rules.map((rule) => askingOf(rule, 'enrollment'));
  const wanted = questions(node.host, askings, cause, deps.now());
  await enqueue(node.host, wanted, policy.limits, 0, deps);
  return 1000 * heatSecondsOf(askings);
}
