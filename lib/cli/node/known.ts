import type { Node } from '../../core/nodes/node.ts';
import { CommandError } from '../command-error.ts';
import type { Deployment } from '../deployment.ts';

/** The node of a host. @throws when none is enrolled under that name */
export async function known(host: string, { registry, name, chosen }: Deployment): Promise<Node> {
  const node = await registry.find(host, true);
  if (node) return node;
  throw new CommandError('NOT_FOUND', `no node of that name is enrolled at ${name}`, {
    next: `"npx mayfly nodes${chosen}" lists those that are`,
  });
}
