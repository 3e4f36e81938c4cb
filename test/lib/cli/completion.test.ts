import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { wordsOf } from '../../../lib/cli/completion/words.ts';
import { programWith } from '../../../lib/cli/program.ts';
import { addWorkbench } from '../../../workbench/demo/add-workbench.ts';
import { mayfly } from './policy/harness.ts';

const COMMANDS = wordsOf(programWith(addWorkbench));

const scriptFor = async (shell: string): Promise<string> => (await mayfly('completion', shell)).stdout;

/** What bash completes at the end of these words. */
function completed(script: string, ...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _mayfly; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('the completion for bash', () => {
  it.each(COMMANDS)('offers every command and option of "$path"', async ({ path, commands, options }) => {
    const script = await scriptFor('bash');
    const offered = completed(script, ...path.split(' '), '');
    for (const { name } of commands) expect(offered).toContain(name);
    for (const { short, long } of options) {
      if (short) expect(offered).toContain(short);
      if (long) expect(offered).toContain(long);
    }
  });

  it('offers what begins with the word that is typed', async () => {
    const script = await scriptFor('bash');
    expect(completed(script, 'mayfly', 'policy', 'ro')).toEqual(['rollback']);
    expect(completed(script, 'mayfly', 'policy', 'push', '--me')).toEqual(['--message']);
    expect(completed(script, 'mayfly', 'completion', 'z')).toEqual(['zsh']);
  });

  it('offers the values of an option, and folders and files where one is expected', async () => {
    const script = await scriptFor('bash');
    expect(completed(script, 'mayfly', 'cost', '--front', 's')).toEqual(['serverless', 'service']);
    expect(completed(script, 'mayfly', 'nodes', '--data', 'pol')).toEqual(['policy']);
    expect(completed(script, 'mayfly', 'host', 'lint', 'package.j')).toEqual(['package.json']);
    expect(completed(script, 'mayfly', 'nodes', '--stack', '')).toEqual([]);
  });

  it('takes no value of an option for a command', async () => {
    const script = await scriptFor('bash');
    expect(completed(script, 'mayfly', 'nodes', '--stack', 'policy', '--js')).toEqual(['--json']);
  });
});

describe('the completions for zsh and fish', () => {
  it('offer folders alone where a folder is expected, and no files for a text', async () => {
    expect(await scriptFor('zsh')).toMatch(/'mayfly nodes --data'.*\) _directories; return/);
    const fish = await scriptFor('fish');
    expect(fish).toContain(`-n '__mayfly_at "mayfly nodes"' -s d -l data -x -a '(__fish_complete_directories)'`);
    expect(fish).toContain(`-n '__mayfly_at "mayfly nodes"' -s s -l stack -x -d`);
  });
});

describe.each(['zsh', 'fish'])('the completion for %s', (shell) => {
  it('has every command and option', async () => {
    const script = await scriptFor(shell);
    for (const { path, commands, options } of COMMANDS) {
      expect(script).toContain(shell === 'fish' ? `__mayfly_at "${path}"` : `'${path}')`);
      for (const { name } of commands) expect(script).toMatch(new RegExp(`(-a ${name} -d|'${name}:)`));
      for (const { long = '--help' } of options) expect(script).toMatch(new RegExp(`(-l ${long.slice(2)} |'${long}:)`));
    }
  });

  it('has balanced quotes, so that no description ends a string', async () => {
    const script = await scriptFor(shell);
    const unescaped = shell === 'fish' ? script.replaceAll(/\\[\\']/g, '') : script.replaceAll("'\\''", '');
    for (const line of unescaped.split('\n')) expect([line, line.split("'").length % 2]).toEqual([line, 1]);
  });
});
