import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from './a-policy.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/tutorial.md'), 'utf8');
const [, rule = ''] = /```yaml\n(- rule: [\s\S]*?)```/.exec(PAGE) ?? [];
const [, place = '', message = '', hint = ''] =
  /^policy\/(rules\/api-files\.yaml:\d+:\d+): error: (.+)\n {4}(.+)$/m.exec(PAGE) ?? [];

describe('the tutorial', () => {
  it('shows the error in its rule', () => {
    expect(problemsOf({ 'rules/api-files.yaml': rule })).toEqual([`error ${place} ${message} (${hint})`]);
  });

  it('shows no other error: the rule with the corrected name is valid', () => {
    const mended = rule.replace('process_open_file ', 'process_open_files ');
    expect(mended).not.toBe(rule);
    expect(problemsOf({ 'rules/api-files.yaml': mended })).toEqual([]);
  });
});
