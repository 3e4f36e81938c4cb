import { pollingOf } from '../ledger/bound.ts';
import type { Poller } from '../ledger/workload.ts';
import { profileFor } from '../policy/agent-config.ts';
import type { Profile } from '../policy/policy.ts';
import { factsOf } from './directory.ts';
import type { Node } from './node.ts';

/** What the policy in force is applied to. */
interface PollingContext {
  readonly nowMs: number;
  /** `distributed_interval` of all agents behind the long-poll front. @default - agents connect to the other front */
  readonly heldEverySeconds: number | undefined;
}

/** How a node polls under the current policy and front, which decides the bound that is guaranteed for it. */
export function pollerOf(
  node: Node,
  profiles: readonly Profile[],
  { nowMs, heldEverySeconds }: PollingContext,
): Poller {
  const profile = profileFor(profiles, factsOf(node, nowMs));
  return { profile: profile.name, enrolledAtMs: node.enrolledAtMs, ...pollingOf(profile, heldEverySeconds) };
}
