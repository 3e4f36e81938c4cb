import { readFile } from 'node:fs/promises';
import { type DeploymentFlags, isInAws, nameOf } from '../deployment/deployment-flags.ts';
import { readyIn } from '../deployment/local-mayfly.ts';
import { CommandError } from '../errors/command-error.ts';
import { say } from '../terminal/print.ts';

/** Prints the flagfile of a Mayfly. */
export async function flagsOf(flags: DeploymentFlags): Promise<void> {
  if (!isInAws(flags)) return say((await readFile((await readyIn(flags.data)).flagfile, 'utf8')).trimEnd());
  const { namesInAws } = await import('../deployment/stack-names.ts');
  const { flagfile } = await namesInAws(flags);
  if (!flagfile)
    throw new CommandError('OUTDATED', `${nameOf(flags)} has no output Flagfile`, { next: 'deploy it again' });
  say(flagfile);
}
