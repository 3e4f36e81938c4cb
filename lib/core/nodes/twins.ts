import { createHash } from 'node:crypto';
import { lives, type Node, type NodeIdentity, SILENT_AFTER_MS } from './node.ts';

/** A hardware id in one spelling: firmware and tools differ in case, and in blanks around it. */
const hardwareOf = ({ uuid }: NodeIdentity): string => uuid.trim().toLowerCase();

/** Whether these are two machines for sure. */
export const areTwoMachines = (one: NodeIdentity, other: NodeIdentity): boolean =>
  hardwareOf(one) !== '' && hardwareOf(other) !== '' && hardwareOf(one) !== hardwareOf(other);

/** Whether both agents name the same hardware. A hardware id that is missing is not the same one. */
export const areOneMachine = (one: NodeIdentity, other: NodeIdentity): boolean =>
  hardwareOf(one) !== '' && hardwareOf(one) === hardwareOf(other);

/** Whether both agents may be on one machine: of what they name, hardware or database is the same. */
export const mayBeOneMachine = (one: NodeIdentity, other: NodeIdentity): boolean =>
  !areTwoMachines(one, other) && (areOneMachine(one, other) || one.agentInstance === other.agentInstance);

/**
 * Whether an agent names the same hardware and the same database as the one that enrolled before. An agent that leaves out
 * its hardware id is another one: the id of a database alone is stored with results, so it is no secret.
 */
export const isSameAgent = (one: NodeIdentity, other: NodeIdentity): boolean =>
  hardwareOf(one) === hardwareOf(other) && one.agentInstance === other.agentInstance;

/**
 * The name of a second agent under an identifier: after its machine where that is another one, else after its database, so
 * that it gets the same one each time. Undefined where it names neither.
 */
export function twinName(identifier: string, holder: NodeIdentity, identity: NodeIdentity): string | undefined {
  const { agentInstance } = identity;
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
  if (areTwoMachines(holder, identity)) return `${identifier}~${digest(hardwareOf(identity))}`;
  return hardwareOf(identity) + agentInstance === ''
    ? undefined
    : `${identifier}~${digest(`${hardwareOf(identity)} ${agentInstance}`)}`;
}

/** Polls of a living agent that may be missed before it counts as gone. */
const MISSED_POLLS = 3;
const LEAST_MS = 2 * 60_000;

/**
 * How long an agent has to show that it lives, once another one enrolled under its identifier: the second may be the same
 * host with a new database.
 */
export const contestMsOf = (intervalSeconds: number): number =>
  Math.max(LEAST_MS, MISSED_POLLS * intervalSeconds * 1000);

/** Whether the agent has yet to show that it lives: its next request renews `lastSeenMs` at once. */
export const isContested = ({ contestedAtMs, lastSeenMs }: Pick<Node, 'contestedAtMs' | 'lastSeenMs'>): boolean =>
  contestedAtMs !== undefined && lastSeenMs <= contestedAtMs;

/** Whether a contested agent let its time pass without a request. */
export const isLost = (node: Pick<Node, 'contestedAtMs' | 'lastSeenMs'>, contestMs: number, nowMs: number): boolean =>
  isContested(node) && nowMs - (node.contestedAtMs ?? nowMs) >= contestMs;

/** Whether the agent was heard a short while ago. */
export const isHeard = (node: Node | undefined, nowMs: number): node is Node =>
  lives(node, nowMs) && nowMs - node.lastSeenMs < SILENT_AFTER_MS;

/**
 * Which of several agents on one host is asked: the first that is heard and sees containers, else the first that is heard.
 *
 * @param twins those that enrolled under its identifier later, in their order
 */
export function chooseAgent(holder: Node, twins: readonly Node[], nowMs: number): Node {
  // A contested agent that stays silent for long enough counts as gone, however often it polls.
  // What the holder was called before it got the identifier is no other agent.
  const others = twins.filter((twin) => !isSameAgent(twin.identity, holder.identity));
  const heard = [holder, ...others].filter((node) => isHeard(node, nowMs) && !isLost(node, LEAST_MS, nowMs));
  return heard.find(({ seesContainersAtMs }) => seesContainersAtMs !== undefined) ?? heard[0] ?? holder;
}
