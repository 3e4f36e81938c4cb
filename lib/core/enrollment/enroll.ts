import { fitOf } from '../hosts/fit.ts';
import type { Sightings, WorkloadReader } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { factsOf } from '../nodes/directory.ts';
import { lives, type Node, type NodeIdentity } from '../nodes/node.ts';
import { pollerOf } from '../nodes/poller.ts';
import { tagsOf } from '../nodes/tags.ts';
import { areTwoMachines, contestMsOf, isSameAgent, twinName } from '../nodes/twins.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { matchNode } from '../policy/match-node.ts';
import { heatSecondsOf, ruleQueriesOf } from '../policy/rule-queries.ts';
import { type AskDeps, enqueue, queriesFor } from '../queue/ask.ts';
import { moveNamed } from '../queue/move.ts';
import { platformOf } from '../queue/on-platform.ts';
import { type EnrollPlan, type Newcomer, planEnroll } from './plan-enroll.ts';

/** An enroll request after its secret was accepted. */
export interface Enrollment {
  readonly hostIdentifier: string;
  readonly identity: NodeIdentity;
  /** The name of the enroll secret it presented. @default - the one that is always there */
  readonly secret?: string;
  /** The instance that a signed identity document names. */
  readonly attested?: string;
}

export type Enrolled =
  | {
      readonly kind: 'enrolled';
      readonly node: Node;
      /** It came with the identifier of another agent that lives. */
      readonly twin: boolean;
      readonly fresh: boolean;
      /** The name that it had as a second agent, and has no more. */
      readonly was?: string;
      /** It took its name from another agent that lives. */
      readonly displaces: boolean;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'ended' };

export interface EnrollDeps extends AskDeps {
  readonly ledger: Sightings & WorkloadReader;
}

/** Enrolls a node, unless its instance was terminated, and queues the enrollment queries, each once. */
export async function enroll(enrollment: Enrollment, policy: CompiledPolicy, deps: EnrollDeps): Promise<Enrolled> {
  const { hostIdentifier, identity, attested } = enrollment;
  const { registry, now } = deps;
  let host = hostIdentifier;
  let contested: Node | undefined;
  // A lost race is decided anew on what the winner wrote: at most one winner each round. Two more for second agents.
  for (let round = 0; round < 7; round++) {
    const before = await registry.find(host, true);
    const record = await instanceOf(attested ?? hostIdentifier, identity, before, deps);
    if (record?.stopped && isGone(identity, before, now())) return { kind: 'ended' };
    const plan = planEnroll(newcomerOf(enrollment, host, before, record, policy, now()), before, now());
    switch (plan.kind) {
      case 'ended':
      case 'revoked':
      case 'refused':
        return plan;
      case 'same': {
        const { node } = plan;
        // The request that made this node may have died before it did all of this.
        if (contested && !contested.twins?.includes(host)) await registry.recordTwin(contested.host, host, now());
        const was = await takeBack(node, node.twins ?? [], deps);
        return { kind: 'enrolled', node, twin: host !== hostIdentifier, fresh: false, was, displaces: false };
      }
      case 'twin':
        contested = plan.contests ? before : contested;
        host = plan.host;
        continue;
      case 'new': {
        const node = await write(plan, enrollment, contested?.host, policy, deps);
        if (!node) continue;
        const again = await instanceOf(attested ?? hostIdentifier, identity, before, deps);
        // The end of an instance is noted before its node is looked for, and an enrollment looks after it has written: one
        // of them sees the other.
        if (again?.stopped && isGone(identity, before, now())) {
          await registry.end(host, now());
          return { kind: 'ended' };
        }
        if (contested) await registry.recordTwin(contested.host, host, now());
        const was = plan.isTakeover ? await takeBack(node, namesBefore(node, plan.replaces), deps) : undefined;
        return { kind: 'enrolled', node, twin: host !== hostIdentifier, fresh: true, was, displaces: plan.displaces };
      }
      default:
        return plan satisfies never;
    }
  }
  throw new Error(`enrollment of ${hostIdentifier} lost seven races in a row`);
}

function newcomerOf(
  { hostIdentifier, identity, attested }: Enrollment,
  host: string,
  before: Node | undefined,
  record: WorkloadRecord | undefined,
  { policy }: CompiledPolicy,
  nowMs: number,
): Newcomer {
  const { intervalSeconds } = before ? pollerOf(before, policy.profiles, nowMs) : { intervalSeconds: 0 };
  return {
    identifier: hostIdentifier,
    host,
    identity,
    attested: attested !== undefined,
    fit: fitOf({ host: hostIdentifier, identity }, record, nowMs),
    fitBefore: before
      ? fitOf({ host: hostIdentifier, identity: before.identity }, record, before.enrolledAtMs)
      : 'unknown',
    contestMs: contestMsOf(intervalSeconds),
  };
}

/** Queues the questions and writes the node; undefined when another enrollment was faster. */
async function write(
  plan: Extract<EnrollPlan, { kind: 'new' }>,
  { secret }: Enrollment,
  contests: string | undefined,
  policy: CompiledPolicy,
  deps: EnrollDeps,
): Promise<Node | undefined> {
  // Queued before the node exists: a crash here asks again, the other order would never ask.
  const known = { ...plan.node, secret, tags: await tagsOf(plan.node, deps.ledger) };
  const heatMs = await askOnEnrollment(known, plan.replaces, policy, deps);
  const hotUntilMs = Math.max(plan.node.hotUntilMs, plan.node.enrolledAtMs + heatMs);
  const node = { ...known, hotUntilMs, contests };
  return (await deps.registry.enroll(node, plan.replaces)) ? node : undefined;
}

/** The names that the agent may have had as a second agent under this identifier. */
function namesBefore(node: Node, holder: Node | undefined): readonly string[] {
  const name = holder && twinName(node.host, holder.identity, node.identity);
  return [...new Set([...(name === undefined ? [] : [name]), ...(node.twins ?? [])])];
}

/**
 * An agent that had a name of a second agent takes over the identifier: what was queued for it there comes along.
 *
 * @returns the name that it had
 */
async function takeBack(node: Node, names: readonly string[], deps: EnrollDeps): Promise<string | undefined> {
  for (const name of names) {
    const twin = await deps.registry.find(name, true);
    if (!twin || !isSameAgent(twin.identity, node.identity)) continue;
    await moveNamed(node.host, twin.host, node.host, deps);
    return twin.host;
  }
  return undefined;
}

/** What the ledger knows of the instance whose id this is, where that matters: a node of this agent lives on. */
async function instanceOf(
  identifier: string,
  identity: NodeIdentity,
  before: Node | undefined,
  { ledger, now }: EnrollDeps,
): Promise<WorkloadRecord | undefined> {
  if (!identifier.startsWith('i-')) return undefined;
  const isSame = before !== undefined && isSameAgent(before.identity, identity);
  if (isSame && lives(before, now())) return undefined;
  const [instance] = await ledger.read([identifier]);
  return instance;
}

/**
 * Whether an agent that enrolls under the id of an ended instance may be that one: nobody else is ever given the id, but a
 * machine from its image may have been taught it. What replaces a living node is not asked about: the end of the instance
 * ends that node.
 */
const isGone = (identity: NodeIdentity, before: Node | undefined, nowMs: number): boolean =>
  !(before && areTwoMachines(before.identity, identity)) && !lives(before, nowMs);

/**
 * Ids come from the enrollment that is replaced, so all who race to replace it ask the same.
 *
 * @returns for how long, in ms, the rules want the node to poll fast: it has no record yet that could say so
 */
async function askOnEnrollment(
  node: Node,
  replaces: Node | undefined,
  { enrollmentRules, policy }: CompiledPolicy,
  deps: EnrollDeps,
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
  const ruleQueries = rules.map((rule) => ruleQueriesOf(rule, 'enrollment'));
  const asked = queriesFor(node.host, ruleQueries, cause, deps.now());
  // Its record, which tells the platform, is not written yet.
  const wanted = { ...asked, platform: platformOf(node.identity.platform) ?? ('unknown' as const) };
  await enqueue(node.host, wanted, { limits: policy.limits, heatSeconds: 0 }, deps);
  return 1000 * heatSecondsOf(ruleQueries);
}
