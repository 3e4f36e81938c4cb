import { describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../lib/core/policy/policy.ts';
import { compilePolicy, diffPolicies, diffText } from '../../../lib/policy-compiler/index.ts';
import { sqlLines } from '../../../lib/policy-compiler/sql-lines.ts';
import { aPolicy, aProfile, aRule } from './a-policy.ts';

function compiled(files: Record<string, string> = {}): Policy {
  const { policy, problems } = compilePolicy(aPolicy(files));
  if (!policy) throw new Error(JSON.stringify(problems));
  return policy;
}

describe('the difference between two policies', () => {
  it('is empty for equal policies', () => {
    expect(diffPolicies(compiled(), compiled())).toEqual({ rules: [], profiles: [], limits: [], isEmpty: true });
    expect(diffText(diffPolicies(compiled(), compiled()))).toBe('nothing changes\n');
  });

  it('lists new, removed and changed rules', () => {
    const after = compiled({ 'rules/a.yaml': aRule('rule: other') });
    const diff = diffPolicies(compiled(), after);
    expect(diff.rules).toMatchObject([
      { rule: 'other', kind: 'added' },
      { rule: 'uptime', kind: 'removed' },
    ]);
    expect(diff.isEmpty).toBe(false);
  });

  it('shows SQL line by line, one clause or column per line', () => {
    const sql = (columns: string) => ({
      'rules/a.yaml': aRule('', `sql: SELECT ${columns} FROM processes WHERE uid = 0`),
    });
    const [rule] = diffPolicies(compiled(sql('pid, name')), compiled(sql('pid, path, name'))).rules;
    expect(rule?.queries).toEqual([
      {
        query: 'first',
        set: 'live',
        kind: 'changed',
        fields: [],
        sql: [
          { sign: ' ', text: 'SELECT pid,' },
          { sign: '+', text: '  path,' },
          { sign: ' ', text: '  name' },
          { sign: ' ', text: 'FROM processes' },
          { sign: ' ', text: 'WHERE uid = 0' },
        ],
      },
    ]);
  });

  it('shows fields with their paths, and new values beside old ones', () => {
    const before = compiled();
    const after = compiled({
      'rules/a.yaml': aRule('priority: 1\nexpires: 1h'),
      'policy.yaml': 'limits: { pending_per_host: 7 }',
      'config/default.yaml': aProfile('schedule:\n  a: { query: SELECT pid FROM osquery_info, interval: 60 }'),
    });
    expect(diffText(diffPolicies(before, after))).toBe(`~ rule uptime: Since when does it run?
    ~ expiresSeconds: 600 → 3600
    ~ priority: 5 → 1
~ profile default
    + schedule.a.interval: 60
    + schedule.a.query: SELECT pid FROM osquery_info
~ limits
    ~ pendingPerHost: 500 → 7
`);
  });

  it('shows what changed about ad-hoc queries', () => {
    const after = compiled({ 'policy.yaml': 'ad_hoc: { forbid_tables: [shadow] }\n' });
    expect(after.adHoc).toEqual({ allow: true, forbidTables: ['shadow'] });
    expect(diffText(diffPolicies(compiled(), after))).toBe(
      '~ limits\n    + adHoc.allow: true\n    + adHoc.forbidTables: ["shadow"]\n',
    );
  });

  it('shows a first policy as all new', () => {
    expect(diffText(diffPolicies(undefined, compiled()))).toMatch(
      /^\+ rule uptime: Since when does it run\?\n(.*\n)* {2}\+ query first\n {4}\+ SELECT total_seconds\n {4}\+ FROM uptime\n\+ profile default\n/,
    );
  });

  it('keeps bracketed text and multi-word joins together', () => {
    const sql =
      "SELECT group_concat(DISTINCT a, ', ') AS x, '  b, c' FROM p LEFT JOIN q ON q.id = p.id AND q.a IN (1, 2) GROUP BY a";
    expect(sqlLines(sql)).toEqual([
      "SELECT group_concat(DISTINCT a, ', ') AS x,",
      "  '  b, c'",
      'FROM p',
      'LEFT JOIN q ON q.id = p.id',
      'AND q.a IN (1, 2)',
      'GROUP BY a',
    ]);
  });

  it('shows a changed order of profiles', () => {
    const profile = (name: string, order: number) =>
      `profile: ${name}\norder: ${order}\nmatch: { hostname: x }\noptions: { logger_tls_max_lines: 1 }\n`;
    const before = compiled({ 'config/a.yaml': profile('a', 1), 'config/b.yaml': profile('b', 2) });
    const after = compiled({ 'config/a.yaml': profile('a', 3), 'config/b.yaml': profile('b', 2) });
    expect(diffPolicies(before, after).profileOrder).toEqual({
      before: ['a', 'b', 'default'],
      after: ['b', 'a', 'default'],
    });
    expect(diffText(diffPolicies(before, after))).toBe('~ profiles are tried in another order: b, a, default\n');
  });

  it("shows changed white space, because osquery's denylist treats it as another query", () => {
    const sql = (text: string) => ({ 'rules/a.yaml': aRule('', `sql: "${text}"`) });
    const [rule] = diffPolicies(
      compiled(sql('SELECT pid FROM processes')),
      compiled(sql('SELECT pid  FROM processes')),
    ).rules;
    expect(rule?.queries[0]?.sql).toEqual([
      { sign: '-', text: 'SELECT pid FROM processes' },
      { sign: '+', text: 'SELECT pid  FROM processes' },
    ]);
  });
});
