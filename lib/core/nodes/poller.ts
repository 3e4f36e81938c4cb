import { intervalSecondsOf } from '../ledger/bound.ts';
import type { Poller } from '../ledger/workload.ts';
import { profileFor } from '../policy/agent-config.ts';
import type { Profile } from '../policy/policy.ts';
import { factsOf } from './directory.ts';
import type { Node } from './node.ts';

/** The polling interval that the current policy guarantees for a node. */
export function pollerOf(node: Node, profiles: readonly Profile[], nowMs: number): Poller {
  const profile = profileFor(profiles, factsOf(node, nowMs));
  return { profile: profile.name, intervalSeconds: intervalSecondsOf(profile), enrolledAtMs: node.enrolledAtMs };
}
