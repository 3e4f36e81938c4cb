/** Inputs as the world writes them, in test/fixtures/cases. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy-compiler/compile/compile.ts';
import { aPolicy, aProfile, aRule, problemsOf } from './a-policy.ts';
import { configsOf, imported, notesOf } from './import/imported.ts';

const read = (name: string): string => readFileSync(new URL(`../../fixtures/cases/${name}`, import.meta.url), 'utf8');
const statements = (name: string): string[] =>
  read(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'));
const compiled = (sql: string) => compilePolicy(aPolicy({ 'rules/a.yaml': aRule('', `sql: ${JSON.stringify(sql)}`) }));

describe('SQL', () => {
  it.each(statements('lint-valid.sql'))('runs in osquery 5.23.1, so there is nothing to report: %s', (sql) => {
    expect(compiled(sql).problems).toEqual([]);
  });

  it.each(statements('lint-invalid.sql'))('is refused by osquery 5.23.1, so it is an error: %s', (sql) => {
    expect(compiled(sql).policy).toBeUndefined();
  });
});

describe.each(['pack-as-others-export-it.conf', 'pack-platform-ubuntu.conf', 'pack-with-file-paths.conf'])(
  'the pack %s of another tool',
  (name) => {
    const queries = Object.keys(JSON.parse(read(name)).queries);

    it('is a pack of a policy without a problem', () => {
      const files = { 'packs/x.conf': read(name), 'config/default.yaml': aProfile('packs: [x]') };
      expect(problemsOf(files)).toEqual([]);
    });

    it('is imported with all its queries', () => {
      const result = imported({ [name]: read(name) });
      expect(notesOf(result, 'left-out')).toEqual([]);
      expect(configsOf(result).default?.packs).toEqual({
        [name.replace('.conf', '')]: expect.objectContaining({ queries: holding(queries) }),
      });
    });

    it('is imported by the path that a configuration of osquery has', () => {
      const config = JSON.stringify({ packs: { x: `/etc/osquery/packs/${name}` } });
      const result = imported({ 'osquery.conf': config, [`packs/${name}`]: read(name) });
      expect(notesOf(result, 'left-out')).toEqual([]);
      expect(configsOf(result).default?.packs).toEqual({ x: expect.objectContaining({ queries: holding(queries) }) });
    });
  },
);

it('a pack whose sections are null is one without them', () => {
  const sections = { file_paths: null, file_paths_query: null, file_accesses: null, exclude_paths: null, yara: null };
  const pack = JSON.stringify({ ...sections, queries: { q: { query: 'SELECT pid FROM processes', interval: 600 } } });
  expect(problemsOf({ 'packs/x.conf': pack, 'config/default.yaml': aProfile('packs: [x]') })).toEqual([]);
  const result = imported({ 'x.conf': pack });
  expect(notesOf(result, 'left-out')).toEqual([]);
  expect(configsOf(result).default?.packs).toEqual({
    x: { queries: { q: { query: 'SELECT pid FROM processes', interval: 600 } } },
  });
});

const holding = (names: readonly string[]) =>
  expect.objectContaining(Object.fromEntries(names.map((name) => [name, expect.anything()])));

it('a rule as editors on Windows write it, with a byte order mark and CRLF, is read', () => {
  const written = (rule: string) => `\ufeff${rule.replaceAll('\n', '\r\n')}`;
  expect(problemsOf({ 'rules/a.yaml': written(aRule()) })).toEqual([]);
  expect(problemsOf({ 'rules/a.yaml': written(aRule('', 'sql: SELECT nme FROM users')) })).toEqual([
    expect.stringContaining('error rules/a.yaml:6:19 no such column: nme'),
  ]);
});

describe('a profile for Windows', () => {
  it('uses the tables of Windows', () => {
    expect(problemsOf({ 'config/windows.yaml': read('profile-windows.yaml') })).toEqual([]);
  });
});
