import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoCampaigns } from '../../../lib/aws/campaigns/campaigns.ts';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy/policy-store.ts';
import { wordsOf } from '../../../lib/cli/completion/words.ts';
import { programWith } from '../../../lib/cli/program.ts';
import { directoryEntryOf } from '../../../lib/core/nodes/directory.ts';
import { versionAfter } from '../../../lib/core/policy/policy-version.ts';
import { addWorkbench } from '../../../workbench/demo/add-workbench.ts';
import { aCampaign, CAMPAIGN } from '../../support/a-campaign.ts';
import { aPolicyOf, aRule } from '../../support/a-rule.ts';
import { taskArn } from '../../support/builders.ts';
import { mayfly } from '../../support/command.ts';
import { aFolder } from '../../support/folder.ts';
import { MINUTE } from '../../support/times.ts';
import { atNow, aWatched, enter, NOW } from './ledger/harness.ts';

const COMMANDS = wordsOf(programWith(addWorkbench));

const scriptFor = async (shell: string): Promise<string> => (await mayfly('completion', shell)).stdout;

/** What one bash completes at the end of each of these lines of words. */
function completedAll(script: string, lines: readonly (readonly string[])[]): string[][] {
  const calls = lines.map((words) => {
    const line = words.map((word) => `'${word}'`).join(' ');
    return `COMPREPLY=(); COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _mayfly; printf '%s\\n' "\${COMPREPLY[@]}" '' ';'`;
  });
  const nameless = 'mayfly() { :; }'; // instead of a command on the PATH, which would look for a Mayfly
  const { stdout, stderr } = spawnSync('bash', ['-c', [nameless, script, ...calls].join('\n')], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const offered = stdout.split('\n;\n').slice(0, -1);
  expect(offered).toHaveLength(lines.length);
  return offered.map((text) => text.split('\n').filter((word) => word !== ''));
}

const completed = (script: string, ...words: string[]): string[] => completedAll(script, [words])[0] ?? [];

describe('the completion for bash', () => {
  let offers: string[][];
  beforeAll(async () => {
    offers = completedAll(
      await scriptFor('bash'),
      COMMANDS.map(({ path }) => [...path.split(' '), '']),
    );
  });

  it.each(COMMANDS)('offers every command and option of "$path"', ({ path, commands, options }) => {
    const offered = offers[COMMANDS.findIndex((one) => one.path === path)];
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

describe('names of a Mayfly', () => {
  /** A command that prints how it was called, and two names. */
  const STUB = 'mayfly() { printf "%s\\n" "$*" >&2; printf "web-1\\tone\\nweb-2\\ttwo\\n"; }';

  const named = async (...words: string[]): Promise<{ offered: string[]; asked: string }> => {
    const log = join(aFolder(), 'log');
    const line = words.map((word) => `'${word}'`).join(' ');
    const script = (await scriptFor('bash')).replace('2>/dev/null', `2>>'${log}'`);
    const code = `${STUB}\n${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _mayfly; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', code], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return {
      offered: stdout.split('\n').filter((word) => word !== ''),
      asked: existsSync(log) ? readFileSync(log, 'utf8').trim() : '',
    };
  };

  it.each([
    ['hosts', ['node', 'show', 'web']],
    ['hosts', ['node', 'revoke', 'web']],
    ['hosts', ['doctor', 'web']],
    ['hosts', ['query', 'SELECT 1', '--host', 'web']],
    ['workloads', ['task', 'web']],
    ['queries', ['query', 'web']],
    ['queries', ['query', '--resume', 'web']],
    ['rows', ['rows', 'web']],
    ['rules', ['rows', '--rule', 'web']],
    ['rule-queries', ['rows', '--host', 'web-1', '--query', 'web']],
    ['requests', ['request', 'web']],
  ])('are asked for: %s for %j', async (of, words) => {
    expect(await named('mayfly', ...words)).toEqual({
      offered: ['web-1', 'web-2'],
      asked: `names ${of} web --within 500`,
    });
  });

  it('are those of the Mayfly that the line chooses', async () => {
    const { asked } = await named('mayfly', 'node', 'show', '--stack', 'Blue', '-d', 'a b', 'web');
    expect(asked).toBe('names hosts web --within 500 --stack Blue -d a b');
  });

  it('are not asked for where an option or another word is completed', async () => {
    expect((await named('mayfly', 'task', '--js')).asked).toBe('');
    expect((await named('mayfly', 'task', '--stack', 'B')).asked).toBe('');
    expect((await named('mayfly', 'coverage', '')).asked).toBe('');
  });
});

describe('mayfly names', () => {
  atNow();

  it('prints hosts, workloads and queries that begin with a text, with a description', async () => {
    const { world, ask } = await aWatched();
    const directory = new DynamoNodeDirectory(world.table, world.now);
    for (const host of ['web-1', 'web-2', 'db-1'])
      await directory.record(
        directoryEntryOf(await world.aNode(host, { hostname: `${host}.test` }), 'default'),
        NOW + MINUTE,
      );
    await enter(world, 1, { seenLive: ['a', 'b'] });
    await new DynamoCampaigns(world.table).begin(aCampaign({ askedAtMs: NOW - MINUTE, expiresAtMs: NOW + MINUTE }));
    const id = taskArn(1).split('/').at(-1);
    expect((await ask('names', 'hosts', 'web-')).stdout).toBe('web-1\tweb-1.test\nweb-2\tweb-2.test\n');
    expect((await ask('names', 'workloads')).stdout).toBe(`${id}\tecs-task, seen\n`);
    expect((await ask('names', 'workloads', String(id).slice(0, 5))).stdout).toMatch(`${id}\tarn:aws:ecs`);
    expect((await ask('names', 'queries')).stdout).toMatch(`${CAMPAIGN}\tSELECT`);
    expect((await ask('names', 'rows')).stdout.split('\n')).toHaveLength(3); // no rule yet
  });

  it('prints rules, their queries and requests of the live policy', async () => {
    const { world, ask } = await aWatched();
    expect((await ask('names', 'rules')).stdout).toBe(''); // no policy yet
    const postMortem = [{ name: 'processes', sql: 'SELECT pid FROM processes', bind: {} }];
    const policy = aPolicyOf([
      aRule('twice', { request: 'triage' }),
      aRule('task-started', { event: { source: ['aws.ecs'] } }, { postMortem }),
      aRule('also', { request: 'triage' }),
    ]);
    const draft = { policy, sources: {}, message: 'a test', pushedBy: 'a-colleague', pushedAtMs: NOW };
    await new DynamoPolicyStore(world.table).push(versionAfter(0, draft), 0);
    expect((await ask('names', 'rules', 't')).stdout).toBe('task-started\tWhat runs there?\ntwice\tWhat runs there?\n');
    expect((await ask('names', 'rule-queries')).stdout).toBe(
      'containers\ttwice, task-started, also\nprocesses\ttask-started\n',
    );
    expect((await ask('names', 'requests')).stdout).toBe('triage\ttwice, also\n');
    expect((await ask('names', 'rows', 'p')).stdout).toBe('processes\ttask-started\n');
  });

  it('leaves out a name that a shell would interpret', async () => {
    const { world, ask } = await aWatched();
    const directory = new DynamoNodeDirectory(world.table, world.now);
    for (const host of ['$(reboot)', 'a;b', '-rf', 'a b', 'fine'])
      await directory.record(
        directoryEntryOf(await world.aNode(host, { hostname: '\u001b[1m' }), 'default'),
        NOW + MINUTE,
      );
    expect((await ask('names', 'hosts')).stdout).toBe('fine\t[1m\n');
  });
});

describe('the completions for zsh and fish', () => {
  it('ask for names of a Mayfly', async () => {
    expect(await scriptFor('zsh')).toMatch(/'mayfly task'\) .*_mayfly_names workloads;/);
    expect(await scriptFor('fish')).toContain(`-n '__mayfly_at "mayfly node show"' -a '(__mayfly_names hosts)'`);
  });

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
