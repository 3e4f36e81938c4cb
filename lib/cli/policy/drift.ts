import { type DirectoryEntry, everyEntry, seenFrom } from '../../core/nodes/directory.ts';
import { agentConfig, LONG_POLL_SECONDS, pollingEvery, profileFor } from '../../core/policy/agent-config.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { livePolicyOf, withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { columns, count, printable, say, sayJson } from '../terminal/print.ts';

/** A node, the configuration it should run, and the configuration it reports. */
export interface NodeConfig {
  readonly host: string;
  readonly profile: string;
  readonly expected: string;
  readonly reported: string | null;
  readonly state: 'current' | 'drifted' | 'unknown';
}

/** Shows which nodes run a different configuration than the live policy gives them. */
export async function drift(flags: DeploymentFlags & { all: boolean; json: boolean }): Promise<void> {
  const nodes = await withDeployment(flags, async (deployment) => {
    const { policy } = await livePolicyOf(deployment);
    return (await everyEntry(deployment.directory)).map((entry) => configOf(entry, policy));
  });
  if (flags.json) return sayJson(nodes);
  const shown = flags.all ? nodes : nodes.filter(({ state }) => state === 'drifted');
  const of = (state: NodeConfig['state']): number => nodes.filter((node) => node.state === state).length;
  if (shown.length > 0) {
    say(
      columns(
        shown.map((node) => [printable(node.host), node.profile, node.state, node.reported ?? '-', node.expected]),
      ),
    );
  }
  say(
    `${count(nodes.length, 'node')}: ${of('current')} current, ${of('drifted')} drifted, ${of('unknown')} have not reported yet`,
  );
}

/** The configuration of a node, as it should be and as it is. */
export function configOf(entry: DirectoryEntry, policy: Policy): NodeConfig {
  const profile = profileFor(policy.profiles, seenFrom(entry, Date.now()));
  const expected = agentConfig(profile).configHash;
  // Behind the long-poll front, agents get their profile with the interval of that front.
  const current = new Set([
    expected,
    ...LONG_POLL_SECONDS.map((s) => agentConfig(pollingEvery(s, profile)).configHash),
  ]);
  const reported = entry.configHash ?? null;
  const state = reported === null ? 'unknown' : current.has(reported) ? 'current' : 'drifted';
  return { host: entry.hostIdentifier, profile: profile.name, expected, reported, state };
}
