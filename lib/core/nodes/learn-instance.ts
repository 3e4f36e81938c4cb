import type { Ledger } from '../ledger/ledger.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { moveWaiting } from '../queue/move.ts';
import { lives } from './node.ts';
import type { Aliases, NodeRegistry } from './registry.ts';

/**
 * A host said which EC2 instance it is: from now on events about the instance find it, and queries that waited under
 * the instance id move to it. Its word is not taken for an instance that has an agent of its own, or another host. Safe
 * to repeat.
 */
export async function learnInstance(
  host: string,
  instanceId: string,
  deps: {
    queue: HostQueue;
    ledger: Pick<Ledger, 'foundHost'>;
    registry: NodeRegistry;
    aliases: Aliases;
    now: () => number;
  },
): Promise<'learned' | 'taken'> {
  const { registry, aliases, now } = deps;
  const hasAgent = async (name: string): Promise<boolean> => lives(await registry.find(name, true), now());
  if (await hasAgent(instanceId)) return 'taken';
  const owner = await aliases.hostOf(instanceId);
  if (owner !== host) {
    if (owner && (await hasAgent(owner))) return 'taken';
    await aliases.learn(instanceId, host, now());
  }
  await registry.isInstance(host, instanceId); // so that the instance's end is the node's, and nobody else's
  // Also when this was known: who heard it first may have died before it got here.
  await moveWaiting(instanceId, host, deps);
  return 'learned';
}
