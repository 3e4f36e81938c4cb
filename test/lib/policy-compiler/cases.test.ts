/** Inputs as the world writes them, in test/fixtures/cases. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy-compiler/compile/compile.ts';
import { aPolicy, aProfile, aRule, problemsOf } from './a-policy.ts';

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

describe('packs of other tools', () => {
  it.each(['pack-as-others-export-it.conf', 'pack-platform-ubuntu.conf', 'pack-with-file-paths.conf'])(
    'are imported without a problem: %s',
    (name) => {
      const files = { 'packs/x.conf': read(name), 'config/default.yaml': aProfile('packs: [x]') };
      expect(problemsOf(files)).toEqual([]);
    },
  );
});

describe('a profile for Windows', () => {
  it('uses the tables of Windows', () => {
    expect(problemsOf({ 'config/windows.yaml': read('profile-windows.yaml') })).toEqual([]);
  });
});
