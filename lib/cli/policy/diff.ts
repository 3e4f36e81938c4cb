import type { PolicyVersion } from '../../core/policy/policy.ts';
import { diffPolicies, diffText, type PolicyDiff } from '../../policy-compiler/index.ts';
import { withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { Exit } from '../errors/exit.ts';
import { colours, prose, say, sayJson } from '../terminal/print.ts';
import { rememberBase } from './base.ts';
import { goodFolder } from './folder.ts';

const DIFFERENT = 3; // 1 is a failure, 2 a wrong command line

/** Shows what a push of the folder would change. @throws {Exit} 3 for changes, 1 when the folder has errors */
export async function diff(dir: string, flags: DeploymentFlags & { json: boolean }): Promise<void> {
  const { policy, sources } = goodFolder(dir);
  const { name, live } = await withDeployment(flags, async ({ name, store }) => ({
    name,
    live: await store.current(),
  }));
  rememberBase(dir, name, live?.version ?? 0);
  const changes = diffPolicies(live?.policy, policy);
  const same = changes.isEmpty && sameSources(live?.sources, sources);
  if (flags.json) sayJson({ live: live?.version ?? 0, same, changes });
  else if (same) say(`No difference to version ${live?.version}, live at ${name}.`);
  else say(diffLines(changes, process.stdout));
  if (!same) throw new Exit(DIFFERENT);
}

/** Whether two versions have the same files with the same text. */
export function sameSources(a: PolicyVersion['sources'] | undefined, b: PolicyVersion['sources']): boolean {
  const files = Object.entries(a ?? {});
  return a !== undefined && files.length === Object.keys(b).length && files.every(([file, text]) => b[file] === text);
}

/** A diff for people: added lines in green, removed lines in red. */
export function diffLines(changes: PolicyDiff, stream: NodeJS.WriteStream): string {
  if (changes.isEmpty)
    return prose('Only comments or layout of the files differ: queries and configurations are the same.');
  const paint = colours(stream);
  const SIGNS: Readonly<Record<string, (line: string) => string>> = {
    '+': paint.green,
    '-': paint.red,
    '~': paint.yellow,
  };
  return diffText(changes)
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\p{Cc}/gu, ' '))
    .map((line) => (SIGNS[line.trimStart().charAt(0)] ?? String)(line))
    .join('\n');
}
