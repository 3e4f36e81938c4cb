import type { Node } from '../../core/nodes/node.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { CommandError } from '../errors/command-error.ts';
import { hostNamed } from '../names/hosts-named.ts';
import { printable } from '../terminal/print.ts';

/** The node of a host, by its name or a unique beginning of it. @throws when none is enrolled under that name */
export async function known(text: string, deployment: Deployment): Promise<Node> {
  const { registry, name, chosen } = deployment;
  const exact = await registry.find(text, true);
  if (exact) return exact;
  const host = await hostNamed(text, deployment);
  const node = host === undefined ? undefined : await registry.find(host, true);
  if (node) return node;
  throw new CommandError('NOT_FOUND', `no node is enrolled as ${printable(text)} at ${name}`, {
    next: `"npx mayfly nodes${chosen}" lists those that are`,
  });
}
