import { Exit } from '../errors/exit.ts';
import { say, sayJson } from '../terminal/print.ts';
import { openFolder, problemLines, verdict } from './folder.ts';

/** Shows every problem of a policy folder. @throws {Exit} 1 when one of them is an error */
export async function check(dir: string, { json }: { json: boolean }): Promise<void> {
  const folder = openFolder(dir);
  if (json) sayJson({ ok: folder.policy !== undefined, problems: folder.problems });
  else {
    if (folder.problems.length > 0) say(problemLines(folder, process.stdout));
    say(verdict(folder));
  }
  if (!folder.policy) throw new Exit(1);
}
