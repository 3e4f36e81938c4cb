import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SHIPPED_BY, versionAfter } from '../../lib/core/policy/policy-version.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { aFolder, aMayfly, mayfly } from '../support/command.ts';
import { T0 } from '../support/times.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/tutorial.md'), 'utf8');
const [, rule = ''] = /```yaml\n(- rule: [\s\S]*?)```/.exec(PAGE) ?? [];
const [, mistake = ''] = /```\n(my-policy\/[\s\S]*?)```/.exec(PAGE) ?? [];
const SHELL = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));

/** A line of the page as the words of a command, with a folder in place of `my-policy`. */
const wordsOf = (line: string, folder: string): string[] =>
  [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, text]) => text ?? word.replace(/^my-policy/, folder));

/** Runs the commands of the page that begin like this, in their order. They must succeed, or have this exit code. */
async function typed(
  start: string,
  folder: string,
  { flags = [], code = 0 }: { flags?: string[]; code?: number } = {},
) {
  const lines = SHELL.filter((line) => line.startsWith(`npx mayfly policy ${start}`));
  const said: string[] = [];
  for (const line of lines) {
    const done = await mayfly(...wordsOf(line, folder).slice(2), ...flags);
    expect([line, done.code, done.stderr]).toEqual([line, code, '']);
    said.push(done.stdout);
  }
  expect(said).not.toEqual([]);
  return said.join('');
}

/** The folder that the tutorial's reader has after "Write a rule"; `text` is the rule. */
async function aReader(text = rule.replace('process_open_file ', 'process_open_files ')) {
  const folder = join(aFolder(), 'my-policy');
  await typed('init', folder);
  await writeFile(join(folder, 'rules/api-files.yaml'), text);
  return folder;
}

describe('the tutorial', () => {
  it('changes a folder of the reader, not the default policy', () => {
    const changing = SHELL.filter((line) => /^(?:cp|npx mayfly policy (?:init|check|test|diff|push))\b/.test(line));
    expect(changing.length).toBeGreaterThanOrEqual(6);
    for (const line of changing) {
      expect(line).toMatch(/ my-policy\b/);
      expect(line).not.toMatch(/ policy\//);
    }
  });

  it('shows what the check prints for the mistake in its rule', async () => {
    const folder = await aReader(rule);
    const { code, stdout, stderr } = await mayfly('policy', 'check', folder);
    expect([code, `${stdout}${stderr}`.replaceAll(folder, 'my-policy')]).toEqual([1, mistake]);
  });

  it('has a rule without a problem once its mistake is corrected, and four queries match its event', async () => {
    const folder = await aReader();
    expect(await typed('check', folder)).toContain('no problems');
    const tested = await typed('test', folder);
    expect(tested).toContain('api-files');
    expect(tested).toContain('4 queries: one poll takes them; a poll takes at most 3 with evidence and 3 others');
  });

  it('has commands that push the rule and undo the push', async () => {
    const { data, store } = await aMayfly();
    const shipped = { ...builtIn, message: 'The default policy', pushedBy: SHIPPED_BY, pushedAtMs: T0 };
    await store.push(versionAfter(0, shipped), 0);
    const folder = await aReader();
    const flags = ['--data', data];
    expect(await typed('diff', folder, { flags, code: 3 })).toContain('api-files');
    expect(await typed('push', folder, { flags })).toContain('Version 2 is live');
    expect(await typed('rollback', folder, { flags })).toContain('Version 3 is live');
    expect(await typed('history', folder, { flags })).toContain('Ask which files the api has open');
    expect((await store.current())?.policy).toEqual(builtIn.policy);
  });

  it('has an example profile that can be copied into the folder', async () => {
    const folder = await aReader();
    const [from = '', to = ''] = SHELL.flatMap((line) =>
      line.startsWith('cp ') ? wordsOf(line, folder).slice(1) : [],
    );
    await copyFile(from, join(to, 'db-read-only.yaml'));
    expect(await typed('check', folder)).toContain('2 profiles: no problems');
  });
});
