import { type DirectoryEntry, seenFrom } from '../../core/nodes/directory.ts';
import { matchNode } from '../../core/policy/match-node.ts';
import type { Policy, PolicyVersion } from '../../core/policy/policy.ts';
import { namedBy } from '../../core/policy/target.ts';
import { duration } from '../terminal/print.ts';

/** Functions cache a policy for 30 s; the other 2 s are for clocks that differ. */
const FOLLOWED_AFTER_MS = 32_000;

/** Milliseconds until every function uses a version. */
export const untilFollowedMs = ({ pushedAtMs }: Pick<PolicyVersion, 'pushedAtMs'>, nowMs: number): number =>
  Math.min(FOLLOWED_AFTER_MS, Math.max(0, pushedAtMs + FOLLOWED_AFTER_MS - nowMs));

/** How many hosts a rule queries on a request, and the reason if it queries none, or one that has not enrolled. */
export interface RuleHosts {
  readonly rule: string;
  readonly hosts: number;
  /** More nodes match than the policy's hosts_per_trigger. */
  readonly isLimited: boolean;
  readonly why?: string | undefined;
}

/** A request, as its rules see it. */
interface NamedRequest {
  readonly name: string;
  readonly event: unknown;
}

/** What the deployment knows about hosts. */
interface KnownHosts {
  /** All enrolled nodes. */
  readonly nodes: readonly DirectoryEntry[];
  /** The names for which a node has enrolled, of those that the request gives to its rules. */
  readonly enrolled: ReadonlySet<string>;
  readonly nowMs: number;
}

const rulesFor = ({ rules }: Pick<Policy, 'rules'>, name: string) =>
  rules.filter(({ on }) => 'request' in on && on.request === name);

/** The hosts that a request names, for rules with the target `host`. */
export const namesOf = (policy: Pick<Policy, 'rules'>, { name, event }: NamedRequest): string[] =>
  rulesFor(policy, name).flatMap(({ target }) => {
    const named = namedBy(target, event);
    return named.kind === 'alias' ? [named.alias] : [];
  });

/**
 * The hosts that each rule for a request asks, given the nodes that are enrolled now.
 *
 * @example
 * hostsOfRequest(policy, { name: 'sockets', event: { detail: { host: 'web-1' } } }, known);
 * // [{ rule: 'sockets-of-a-host', hosts: 1, isLimited: false }]
 */
export function hostsOfRequest(
  policy: Pick<Policy, 'rules' | 'limits'>,
  { name, event }: NamedRequest,
  { nodes, enrolled, nowMs }: KnownHosts,
): RuleHosts[] {
  const { hostsPerTrigger } = policy.limits;
  return rulesFor(policy, name).map(({ name: rule, target, expiresSeconds }) => {
    const named = namedBy(target, event);
    if (named.kind === 'alias') {
      const why = enrolled.has(named.alias) ? undefined : waitsFor(named.alias, expiresSeconds);
      return { rule, hosts: 1, isLimited: false, why };
    }
    if (named.kind !== 'many') {
      const why = 'why' in named ? named.why : `a request names no ${named.kind}`;
      return { rule, hosts: 0, isLimited: false, why };
    }
    const matching = nodes.filter((node) => matchNode(named.match, seenFrom(node, nowMs))).length;
    const why = matching === 0 ? 'no node matches hosts-where' : undefined;
    return { rule, hosts: Math.min(matching, hostsPerTrigger), isLimited: matching > hostsPerTrigger, why };
  });
}

const waitsFor = (host: string, expiresSeconds: number): string =>
  `${host} has not enrolled: its queries wait for ${duration(expiresSeconds)}, in case it does`;
