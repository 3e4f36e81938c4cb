import { readFile } from 'node:fs/promises';
import { CommandError } from '../command-error.ts';
import { type DeploymentFlags, isInAws, nameOf } from '../deployment-flags.ts';
import { readyIn } from '../local-mayfly.ts';
import { say } from '../print.ts';

/** Prints the flagfile of a Mayfly. */
export async function flagsOf(flags: DeploymentFlags): Promise<void> {
  if (!isInAws(flags)) return say((await readFile((await readyIn(flags.data)).flagfile, 'utf8')).trimEnd());
  const { namesInAws } = await import('../stack-names.ts');
  const { flagfile } = await namesInAws(flags);
  if (!flagfile)
    throw new CommandError('OUTDATED', `${nameOf(flags)} has no output Flagfile`, { next: 'deploy it again' });
  say(flagfile);
}
