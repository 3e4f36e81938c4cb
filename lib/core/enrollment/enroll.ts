import { fitOf } from '../hosts/fit.ts';
import { intervalSecondsOf } from '../ledger/bound.ts';
import type { Sightings, WorkloadReader } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { factsOf } from '../nodes/directory.ts';
import { isEnrolled, type Node, type NodeIdentity } from '../nodes/node.ts';
import { contestMsOf, haveOtherHardware, isSameAgent, secondAgentName } from '../nodes/second-agents.ts';
import { tagsOf } from '../nodes/tags.ts';
import { profileFor } from '../policy/agent-config.ts';
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
  /** The name of the enroll secret the agent sent. @default - the secret that always exists */
  readonly secret?: string;
  /** The instance that a signed identity document names. */
  readonly attested?: string;
}

export type Enrolled =
  | {
      readonly kind: 'enrolled';
      readonly node: Node;
      /** Whether the identifier belongs to another living agent, so that this one got another name. */
      readonly isSecondAgent: boolean;
      /** Whether a node was written; false for an enrollment repeated within the grace period. */
      readonly fresh: boolean;
      /** The name it had as a second agent and has given up. */
      readonly was?: string;
      /** Whether it took its name from another agent that still polls. */
      readonly displaces: boolean;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'ended' };

export interface EnrollDeps extends AskDeps {
  readonly ledger: Sightings & WorkloadReader;
}

/** A lost race is decided again on what the winner wrote, so each round has a winner. Two rounds are for second agents. */
const MAX_ROUNDS = 7;

/**
 * Enrolls a node, unless its instance was terminated, and queues the enrollment queries, each once.
 *
 * @throws if seven rounds in a row lose the race for the node's record
 */
export async function enroll(enrollment: Enrollment, policy: CompiledPolicy, deps: EnrollDeps): Promise<Enrolled> {
  let attempt: Attempt = { enrollment, host: enrollment.hostIdentifier };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await tryToEnroll(attempt, policy, deps);
    if (outcome.kind !== 'again') return outcome;
    attempt = outcome.attempt;
  }
  throw new Error(`enrollment of ${enrollment.hostIdentifier} lost seven races in a row`);
}

/** One round of an enrollment. */
interface Attempt {
  readonly enrollment: Enrollment;
  /** The name it tries to get: the identifier, or the name of a second agent. */
  readonly host: string;
  /** The agent that has the identifier and may be gone. */
  readonly contested?: Node;
}

interface Again {
  readonly kind: 'again';
  readonly attempt: Attempt;
}

async function tryToEnroll(attempt: Attempt, policy: CompiledPolicy, deps: EnrollDeps): Promise<Enrolled | Again> {
  const { enrollment, host } = attempt;
  const { registry, now } = deps;
  const before = await registry.find(host, true);
  const instance = await instanceOf(enrollment, before, deps);
  if (instance?.stopped && isGone(enrollment.identity, before, now())) return { kind: 'ended' };
  const plan = planEnroll(newcomerOf(attempt, { before, instance }, policy, now()), before, now());
  switch (plan.kind) {
    case 'ended':
    case 'revoked':
    case 'refused':
      return plan;
    case 'same':
      return enrollAgain(plan.node, attempt, deps);
    case 'second-agent': {
      const contested = plan.contests ? before : attempt.contested;
      return { kind: 'again', attempt: { enrollment, host: plan.host, contested } };
    }
    case 'new':
      return enrollNew(plan, attempt, policy, deps);
    default:
      return plan satisfies never;
  }
}

/** Repeats what follows an enrollment: the request that wrote this node may have died before it. */
async function enrollAgain(node: Node, { enrollment, host, contested }: Attempt, deps: EnrollDeps): Promise<Enrolled> {
  if (contested && !contested.secondAgents?.includes(host))
    await deps.registry.recordSecondAgent(contested.host, host, deps.now());
  const was = await takeBack(node, node.secondAgents ?? [], deps);
  return {
    kind: 'enrolled',
    node,
    isSecondAgent: host !== enrollment.hostIdentifier,
    fresh: false,
    was,
    displaces: false,
  };
}

type NewPlan = Extract<EnrollPlan, { kind: 'new' }>;

async function enrollNew(
  plan: NewPlan,
  attempt: Attempt,
  policy: CompiledPolicy,
  deps: EnrollDeps,
): Promise<Enrolled | Again> {
  const { enrollment, host, contested } = attempt;
  const { registry, now } = deps;
  const { replaces: before, isTakeover, displaces } = plan;
  const node = await write(plan, attempt, policy, deps);
  if (!node) return { kind: 'again', attempt };
  // The end of an instance is recorded before its node is read, and an enrollment reads the record after it wrote the node:
  // one of the two sees the other.
  const instance = await instanceOf(enrollment, before, deps);
  if (instance?.stopped && isGone(enrollment.identity, before, now())) {
    await registry.end(host, now());
    return { kind: 'ended' };
  }
  if (contested) await registry.recordSecondAgent(contested.host, host, now());
  const was = isTakeover ? await takeBack(node, namesBefore(node, before), deps) : undefined;
  return { kind: 'enrolled', node, isSecondAgent: host !== enrollment.hostIdentifier, fresh: true, was, displaces };
}

/** What is recorded of the name and of the instance that enrolls. */
interface Known {
  readonly before: Node | undefined;
  readonly instance: WorkloadRecord | undefined;
}

function newcomerOf(
  { enrollment: { hostIdentifier, identity, attested }, host }: Attempt,
  { before, instance }: Known,
  { policy }: CompiledPolicy,
  nowMs: number,
): Newcomer {
  const intervalSeconds = before ? intervalSecondsOf(profileFor(policy.profiles, factsOf(before, nowMs))) : 0;
  return {
    identifier: hostIdentifier,
    host,
    identity,
    attested: attested !== undefined,
    fit: fitOf({ host: hostIdentifier, identity }, instance, nowMs),
    fitBefore: before
      ? fitOf({ host: hostIdentifier, identity: before.identity }, instance, before.enrolledAtMs)
      : 'unknown',
    contestMs: contestMsOf(intervalSeconds),
  };
}

/** Queues the enrollment queries and writes the node; undefined if another enrollment was faster. */
async function write(
  plan: NewPlan,
  { enrollment, contested }: Attempt,
  policy: CompiledPolicy,
  deps: EnrollDeps,
): Promise<Node | undefined> {
  // Queries first: after a crash here the next enrollment queues them again. In the other order they would be lost.
  const known = { ...plan.node, secret: enrollment.secret, tags: await tagsOf(plan.node, deps.ledger) };
  const heatMs = await askOnEnrollment(known, plan.replaces, policy, deps);
  const hotUntilMs = Math.max(plan.node.hotUntilMs, plan.node.enrolledAtMs + heatMs);
  const node = { ...known, hotUntilMs, contests: contested?.host };
  return (await deps.registry.enroll(node, plan.replaces)) ? node : undefined;
}

/** The names that the agent may have had as a second agent under this identifier. */
function namesBefore(node: Node, holder: Node | undefined): readonly string[] {
  const name = holder && secondAgentName(node.host, holder.identity, node.identity);
  return [...new Set([name ?? [], node.secondAgents ?? []].flat())];
}

/**
 * Moves the queries of a second agent's name to the identifier that the agent now has.
 *
 * @returns the name it had before
 */
async function takeBack(node: Node, names: readonly string[], deps: EnrollDeps): Promise<string | undefined> {
  for (const name of names) {
    const agent = await deps.registry.find(name, true);
    if (!agent || !isSameAgent(agent.identity, node.identity)) continue;
    await moveNamed(node.host, agent.host, node.host, deps);
    return agent.host;
  }
  return undefined;
}

/** The ledger's record of the instance that enrolls; not read if the same agent is alive, because then it does not matter. */
async function instanceOf(
  { hostIdentifier, identity, attested = hostIdentifier }: Enrollment,
  before: Node | undefined,
  { ledger, now }: EnrollDeps,
): Promise<WorkloadRecord | undefined> {
  if (!attested.startsWith('i-')) return undefined;
  const isSame = before !== undefined && isSameAgent(before.identity, identity);
  if (isSame && isEnrolled(before, now())) return undefined;
  const [instance] = await ledger.read([attested]);
  return instance;
}

/**
 * Whether an agent that enrolls under the id of a terminated instance may be that instance. EC2 never reuses an id, but an
 * instance launched from its image may have kept the id as its identifier. An agent that would replace a living node is not
 * checked: the end of the instance ends that node.
 */
const isGone = (identity: NodeIdentity, before: Node | undefined, nowMs: number): boolean =>
  !(before && haveOtherHardware(before.identity, identity)) && !isEnrolled(before, nowMs);

/**
 * Queues the enrollment queries. Ids derive from the enrollment that is replaced, so concurrent enrollments queue the same
 * queries.
 *
 * @returns for how long the rules want the node to poll fast, ms; its record does not exist yet
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
  const bound = queriesFor(node.host, ruleQueries, cause, deps.now());
  // The node's record, which names the platform, is written later.
  const wanted = { ...bound, platform: platformOf(node.identity.platform) ?? ('unknown' as const) };
  await enqueue(node.host, wanted, { limits: policy.limits, heatSeconds: 0 }, deps);
  return 1000 * heatSecondsOf(ruleQueries);
}
