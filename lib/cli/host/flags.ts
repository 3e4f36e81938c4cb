import { readFile } from 'node:fs/promises';
import type { DeploymentFlags } from '../deployment-flags.ts';
import { readyIn } from '../local-mayfly.ts';
import { say } from '../print.ts';

/** Prints the flagfile of a Mayfly. */
export async function flags({ stack, id, table, data }: DeploymentFlags): Promise<void> {
  if (table) throw new Error('a table does not know its API: name the stack with --stack NAME');
  if (!stack) return say((await readFile((await readyIn(data)).flagfile, 'utf8')).trimEnd());
  const { namesInStack } = await import('../stack-names.ts');
  const { flagfile } = await namesInStack(stack, id);
  if (!flagfile) throw new Error(`the stack ${stack} has no output Flagfile: deploy it again`);
  say(flagfile);
}
