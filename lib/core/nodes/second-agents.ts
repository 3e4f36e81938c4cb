import { createHash } from 'node:crypto';
import { isEnrolled, type Node, type NodeIdentity, SEEN_EVERY_MS, SILENT_AFTER_MS } from './node.ts';

/** The hardware id, normalized: firmware and tools differ in case and in surrounding blanks. */
const hardwareOf = ({ uuid }: NodeIdentity): string => uuid.trim().toLowerCase();

/** Whether the agents certainly run on different hardware. */
export const haveOtherHardware = (one: NodeIdentity, other: NodeIdentity): boolean =>
  hardwareOf(one) !== '' && hardwareOf(other) !== '' && hardwareOf(one) !== hardwareOf(other);

/** Whether both agents report the same hardware id. Missing ids do not match. */
export const haveSameHardware = (one: NodeIdentity, other: NodeIdentity): boolean =>
  hardwareOf(one) !== '' && hardwareOf(one) === hardwareOf(other);

/** Whether both agents may run on the same hardware: hardware id or database id match, as far as they are reported. */
export const mayHaveSameHardware = (one: NodeIdentity, other: NodeIdentity): boolean =>
  !haveOtherHardware(one, other) && (haveSameHardware(one, other) || one.agentInstance === other.agentInstance);

/**
 * Whether an agent reports the same hardware id and database id as the one that enrolled before. An agent without a hardware
 * id is another one: database ids are stored with results, so they are no secret.
 */
export const isSameAgent = (one: NodeIdentity, other: NodeIdentity): boolean =>
  hardwareOf(one) === hardwareOf(other) && one.agentInstance === other.agentInstance;

/**
 * The name of a second agent under an identifier, the same each time: made from its hardware id if it runs on other hardware,
 * otherwise from hardware and database id. Undefined if it reports neither.
 *
 * @example secondAgentName('web-7', holder, identity) // 'web-7~1a2b3c4d'
 */
export function secondAgentName(identifier: string, holder: NodeIdentity, identity: NodeIdentity): string | undefined {
  const { agentInstance } = identity;
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
  if (haveOtherHardware(holder, identity)) return `${identifier}~${digest(hardwareOf(identity))}`;
  return hardwareOf(identity) + agentInstance === ''
    ? undefined
    : `${identifier}~${digest(`${hardwareOf(identity)} ${agentInstance}`)}`;
}

/** How many polls in a row an agent may miss before it counts as gone. */
const MISSED_POLLS = 3;
const MIN_CONTEST_MS = 2 * 60_000;

/**
 * How long an agent may stay silent after another one enrolled under its identifier, before it counts as gone. The second
 * agent may be the same host with a new database.
 */
export const contestMsOf = (intervalSeconds: number): number =>
  Math.max(MIN_CONTEST_MS, MISSED_POLLS * intervalSeconds * 1000);

/** Whether the agent has not polled since another one enrolled under its identifier. Its next poll renews `lastSeenMs` at once. */
export const isContested = ({ contestedAtMs, lastSeenMs }: Pick<Node, 'contestedAtMs' | 'lastSeenMs'>): boolean =>
  contestedAtMs !== undefined && lastSeenMs <= contestedAtMs;

/** Whether a poll has to be recorded: every five minutes, and at once in a contest. */
export const isSeenDue = (node: Pick<Node, 'contestedAtMs' | 'lastSeenMs'>, nowMs: number): boolean =>
  nowMs - node.lastSeenMs >= SEEN_EVERY_MS || isContested(node);

/** Whether a contested agent has not polled within its time. */
export const hasLostContest = (
  node: Pick<Node, 'contestedAtMs' | 'lastSeenMs'>,
  contestMs: number,
  nowMs: number,
): boolean => isContested(node) && nowMs - (node.contestedAtMs ?? nowMs) >= contestMs;

/** Whether the agent polled recently. */
export const isPolling = (node: Node | undefined, nowMs: number): node is Node =>
  isEnrolled(node, nowMs) && nowMs - node.lastSeenMs < SILENT_AFTER_MS;

/**
 * Chooses the agent on a host that gets the queries: the first one that polls and can see containers, otherwise the first one
 * that polls.
 *
 * @param secondAgents the agents that enrolled under its identifier later, in order
 */
export function chooseAgent(holder: Node, secondAgents: readonly Node[], nowMs: number): Node {
  // A contested agent counts as gone after the minimum silence, whatever its interval.
  // A name that the holder itself had earlier is not another agent.
  const others = secondAgents.filter((agent) => !isSameAgent(agent.identity, holder.identity));
  const heard = [holder, ...others].filter(
    (node) => isPolling(node, nowMs) && !hasLostContest(node, MIN_CONTEST_MS, nowMs),
  );
  return heard.find(({ seesContainersAtMs }) => seesContainersAtMs !== undefined) ?? heard[0] ?? holder;
}
