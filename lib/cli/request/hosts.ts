import { type DirectoryEntry, seenFrom } from '../../core/nodes/directory.ts';
import { matchNode } from '../../core/policy/match-node.ts';
import type { Policy, PolicyVersion } from '../../core/policy/policy.ts';
import { namedBy } from '../../core/policy/target.ts';

/** Functions cache a policy for 30 s; the other 2 s are for clocks that differ. */
const FOLLOWED_AFTER_MS = 32_000;

/** Milliseconds until every function uses a version. */
export const untilFollowedMs = ({ pushedAtMs }: Pick<PolicyVersion, 'pushedAtMs'>, nowMs: number): number =>
  Math.min(FOLLOWED_AFTER_MS, Math.max(0, pushedAtMs + FOLLOWED_AFTER_MS - nowMs));

/** How many hosts a rule queries on a request, and the reason if it queries none. */
export interface RuleHosts {
  readonly rule: string;
  readonly hosts: number;
  /** More nodes match than the policy's hosts_per_trigger. */
  readonly isLimited: boolean;
  readonly why?: string | undefined;
}

/**
 * The hosts that each rule for a request asks, given the nodes that are enrolled now.
 *
 * @example
 * hostsOfRequest(policy, { name: 'sockets', event: { detail: { host: 'web-1' } } }, nodes, Date.now());
 * // [{ rule: 'sockets-of-a-host', hosts: 1, isLimited: false }]
 */
export function hostsOfRequest(
  { rules, limits }: Pick<Policy, 'rules' | 'limits'>,
  { name, event }: { readonly name: string; readonly event: unknown },
  nodes: readonly DirectoryEntry[],
  nowMs: number,
): RuleHosts[] {
  return rules
    .filter(({ on }) => 'request' in on && on.request === name)
    .map(({ name: rule, target }) => {
      const named = namedBy(target, event);
      if (named.kind === 'alias') return { rule, hosts: 1, isLimited: false };
      if (named.kind !== 'many') {
        return {
          rule,
          hosts: 0,
          isLimited: false,
          why: 'why' in named ? named.why : `a request names no ${named.kind}`,
        };
      }
      const matching = nodes.filter((node) => matchNode(named.match, seenFrom(node, nowMs))).length;
      const isLimited = matching > limits.hostsPerTrigger;
      const why = matching === 0 ? 'no node matches hosts-where' : undefined;
      return { rule, hosts: Math.min(matching, limits.hostsPerTrigger), isLimited, why };
    });
}
