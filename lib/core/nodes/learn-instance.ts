import type { HostQueue } from '../queue/host-queue.ts';
import { keyOf } from '../queue/pending-query.ts';
import type { Aliases, NodeRegistry } from './registry.ts';

/**
 * A host said which EC2 instance it is: from now on events about the instance find it, and queries that waited under
 * the instance id move to it. Its word is not taken for an instance that has an agent of its own, or another host.
 */
export async function learnInstance(
  host: string,
  instanceId: string,
  { queue, registry, aliases, now }: { queue: HostQueue; registry: NodeRegistry; aliases: Aliases; now: () => number },
): Promise<'learned' | 'taken'> {
  const owner = await aliases.hostOf(instanceId);
  if (owner === host) return 'learned';
  const rival = await registry.find(owner ?? instanceId, true);
  if (rival && rival.expiresAtMs > now()) return 'taken';
  await aliases.learn(instanceId, host, now());
  const { pending } = await queue.open(instanceId, true);
  for (const query of pending) await queue.enqueue({ ...query, host });
  await queue.remove(pending.map(keyOf));
  return 'learned';
}
