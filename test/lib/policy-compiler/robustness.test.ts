import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy, type Problem, readPolicyFolder } from '../../../lib/policy-compiler/index.ts';
import { anyText } from '../../support/any-text.ts';
import { scaled } from '../../support/effort.ts';
import { aPolicy, problemsOf } from './a-policy.ts';

const FILES = [...readPolicyFolder(join(import.meta.dirname, '../../../policy'))];

const isWellPlaced = ({ line, column, message }: Problem) => line >= 1 && column >= 1 && message !== '';

describe('any text in a policy file', () => {
  // Fragments that editing mistakes leave, and on which parsers fail.
  const piece = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom(
      '\n',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '|',
      '>-',
      '#',
      '\t',
      '\0',
      '<<: ',
      '? ',
      '--- ',
      '!!binary ',
      '%YAML 1.1\n',
      '__proto__: ',
      'SELECT ',
      ':x',
      ';',
    ),
  );
  const mutation = fc.record({
    file: fc.nat({ max: FILES.length - 1 }),
    at: fc.nat({ max: 3000 }),
    cut: fc.nat({ max: 40 }),
    piece,
  });

  it('is compiled or rejected, and never throws', () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const files = new Map(FILES);
        for (const { file, at, cut, piece: inserted } of mutations) {
          const [name = ''] = FILES[file] ?? [];
          const text = files.get(name) ?? '';
          const from = at % (text.length + 1);
          files.set(name, text.slice(0, from) + inserted + text.slice(from + cut));
        }
        const { policy, problems } = compilePolicy(files);
        expect(problems.every(isWellPlaced)).toBe(true);
        expect(policy === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
        expect(compilePolicy(files).problems).toEqual(problems);
      }),
      { numRuns: scaled(6) },
    );
  });

  it('in any of the files is rejected without a throw', () => {
    const file = fc.constantFrom(
      'policy.yaml',
      'rules/a.yaml',
      'config/default.yaml',
      'packs/a.conf',
      'packs/b.yaml',
      'other.txt',
    );
    fc.assert(
      fc.property(file, anyText({ maxLength: 200 }), (name, text) => {
        expect(compilePolicy(aPolicy({ [name]: text })).problems.every(isWellPlaced)).toBe(true);
      }),
      { numRuns: scaled(25) },
    );
  });

  it('as JSON of any shape is rejected without a throw', () => {
    const file = fc.constantFrom('policy.yaml', 'rules/a.yaml', 'config/default.yaml', 'packs/a.conf');
    fc.assert(
      fc.property(file, fc.jsonValue(), (name, value) => {
        expect(compilePolicy(aPolicy({ [name]: JSON.stringify(value) })).problems.every(isWellPlaced)).toBe(true);
      }),
      { numRuns: scaled(25) },
    );
  });
});

describe('a malicious file', () => {
  it('of ten million characters is not read', () => {
    const text = '- rule: x\n'.repeat(1_000_000);
    const began = performance.now();
    expect(problemsOf({ 'rules/a.yaml': text })).toEqual([
      'error rules/a.yaml:1:1 larger than 1000000 characters: not read',
    ]);
    expect(performance.now() - began).toBeLessThan(5_000); // parsing it takes minutes
  });

  it('with an alias inside its own anchor ends at once', () => {
    expect(problemsOf({ 'rules/a.yaml': '- &a\n  rule: x\n  queries: *a\n' })).toEqual([
      'error rules/a.yaml:3:12 the alias *a is used inside what it names',
    ]);
  });

  it('with a billion laughs ends at once', () => {
    const names = 'abcdefghijkl';
    const lines = [...names].map(
      (name, i) =>
        `${name}: &${name} [${Array(9)
          .fill(i === 0 ? 'lol' : `*${names[i - 1]}`)
          .join(', ')}]`,
    );
    expect(problemsOf({ 'rules/a.yaml': lines.join('\n') })).toEqual([
      expect.stringContaining('more than 50000 values once aliases are written out'),
    ]);
  });

  it.each([
    ['brackets', '['.repeat(30_000)],
    ['dashes', '- '.repeat(15_000)],
    ['closed brackets', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ])('with endless nesting is rejected: %s', (_, text) => {
    expect(problemsOf({ 'rules/a.yaml': text })).toEqual(
      expect.arrayContaining([expect.stringMatching(/^error rules\/a\.yaml/)]),
    );
  });

  it('with endlessly nested expressions is rejected', () => {
    const sql = `SELECT ${'abs('.repeat(3_000)}1${')'.repeat(3_000)}`;
    const rule = `- rule: x\n  answers: y\n  on: { enrollment: true }\n  queries: { a: { sql: '${sql}' } }\n`;
    expect(problemsOf({ 'rules/a.yaml': rule })).toEqual([expect.stringMatching(/^error rules\/a\.yaml:4/)]);
  });

  it('with a key named like a member of JavaScript objects changes nothing', () => {
    const rule =
      '- rule: x\n  answers: y\n  on: { enrollment: true }\n  queries: {}\n  __proto__: { polluted: true }\n';
    expect(problemsOf({ 'rules/a.yaml': rule })[0]).toContain('unknown key "__proto__"');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('a file with broken YAML', () => {
  it.each([
    ['- rule: [\n', /^error rules\/a\.yaml:2:1 not valid YAML/],
    [
      '- rule: x\n\tanswers: y\n',
      /^error rules\/a\.yaml:2:2 not valid YAML.*\(indent with spaces: YAML does not allow tabs\)/,
    ],
    ['- a: 1\n  a: 2\n', /^error rules\/a\.yaml:2:3 not valid YAML: Map keys must be unique/],
    ['- *nowhere\n', /^error rules\/a\.yaml:1:3 .*nowhere/],
    ['a: 1\n---\nb: 2\n', /^error rules\/a\.yaml:2:1 not valid YAML/],
  ])('%j is reported with its position', (text, problem) => {
    expect(problemsOf({ 'rules/a.yaml': text })[0]).toMatch(problem);
  });

  it('does not prevent checks of other files', () => {
    expect(problemsOf({ 'rules/a.yaml': '[', 'rules/b.yaml': '- rule: x\n' })).toEqual([
      expect.stringContaining('rules/a.yaml'),
      expect.stringContaining('rules/b.yaml'),
      expect.stringContaining('rules/b.yaml'),
      expect.stringContaining('rules/b.yaml'),
    ]);
  });

  it('with the settings twice is rejected, because one copy would be ignored', () => {
    const limits = 'limits: { pending_per_host: 7 }';
    expect(problemsOf({ 'policy.yaml': limits, 'policy.yml': limits })).toEqual([
      'error policy.yml:1:1 the settings are in policy.yaml already',
    ]);
  });

  it('that is not part of a policy is ignored with a warning', () => {
    expect(problemsOf({ 'notes.txt': 'x' })).toEqual([
      expect.stringContaining('warning notes.txt:1:1 not a file of a policy: ignored'),
    ]);
  });
});
