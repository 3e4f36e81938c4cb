import type { Node } from '../../core/nodes/node.ts';
import type { Deployment } from '../deployment.ts';

/** The node of a host. @throws when none is enrolled under that name */
export async function known(host: string, { registry, name }: Deployment): Promise<Node> {
  const node = await registry.find(host, true);
  if (node) return node;
  throw new Error(`no node of that name is enrolled at ${name}: "npx mayfly nodes" lists those that are`);
}
