import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ImportRefused } from '../../../../lib/policy-compiler/import/draft.ts';
import { compilePolicy } from '../../../../lib/policy-compiler/index.ts';
import { anyText } from '../../../support/any-text.ts';
import { scaled } from '../../../support/effort.ts';
import { imported, notesOf } from './imported.ts';

/** The result of an import, or undefined if there was nothing to import. Any other error fails the test. */
function attempt(files: Readonly<Record<string, string>>) {
  try {
    return imported(files);
  } catch (error) {
    if (error instanceof ImportRefused) return undefined;
    throw error;
  }
}

const file = fc.constantFrom('osquery.conf', 'packs/a.json', 'default.yml', 'teams/b.yaml', 'environments.json');

describe('any file', () => {
  it('is imported or refused, never with another error', () => {
    fc.assert(
      fc.property(file, anyText({ maxLength: 200 }), (name, text) => {
        attempt({ [name]: text });
      }),
      { numRuns: scaled(50) },
    );
  });

  it('with known keys and any values becomes a policy that compiles', () => {
    const key = fc.constantFrom(
      ...['queries', 'schedule', 'packs', 'options', 'decorators', 'labels', 'policies', 'agent_options', 'config'],
      ...[
        'apiVersion',
        'kind',
        'spec',
        'name',
        'query',
        'interval',
        'path',
        'targets',
        'team',
        'overrides',
        'platforms',
      ],
      ...['Name', 'Options', 'Schedule', 'Query', 'file_paths', 'yara', 'load', 'discovery', 'hosts', '__proto__'],
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', maxDepth: 5 },
        fc.constantFrom('SELECT 1', 'v1', 'query', 'pack', 'team', '../x.yml', '/', '', null, 0, 5, true, 'a\u0007b'),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(file, fc.dictionary(key, value, { noNullPrototype: true }), (name, document) => {
        const result = attempt({ [name]: JSON.stringify(document) });
        if (result) expect(compilePolicy(result.files).policy).toBeDefined();
      }),
      { numRuns: scaled(50) },
    );
    expect(({} as { SELECT?: unknown }).SELECT).toBeUndefined();
  });
});

describe('a malicious file', () => {
  const leftOut = (files: Readonly<Record<string, string>>) => {
    const good = { 'osquery.conf': '{"schedule":{}}' };
    return notesOf(imported({ ...good, ...files }), 'left-out');
  };

  it('that is too large is not read', () => {
    expect(leftOut({ 'big.yml': '- name: x\n'.repeat(200_000) })).toEqual(['big.yml:1 the file']);
  });

  it.each([
    ['endless nesting', '['.repeat(100_000)],
    ['an alias inside its own anchor', 'a: &a { b: *a }\n'],
    [
      'a billion laughs',
      'abcdefghij'.replace(
        /./g,
        (at) => `${at}: &${at} [${`*${String.fromCharCode(at.charCodeAt(0) - 1)}, `.repeat(9)}]\n`,
      ),
    ],
  ])('with %s is left out', (_, text) => {
    expect(leftOut({ 'bad.yml': text })).toEqual([expect.stringMatching(/^bad\.yml:\d+ the document$/)]);
  });

  it('cannot name a file outside the imported folder, or of another kind', () => {
    const gitops = 'queries: [{ path: ../../etc/passwd }, { path: /etc/passwd }, { paths: "../*" }]\n';
    expect(leftOut({ 'default.yml': gitops })).toEqual([
      'default.yml:1 ../../etc/passwd',
      'default.yml:1 /etc/passwd',
      'default.yml:1 ../*',
    ]);
  });

  it('cannot choose the folder of a file', () => {
    const pack = '{"queries":{"a":{"query":"SELECT uid FROM users","interval":60}}}';
    const packs = JSON.stringify({
      packs: { '../../x': JSON.parse(pack), 'a/b': JSON.parse(pack), '..': JSON.parse(pack) },
    });
    expect([...imported({ 'osquery.conf': packs }).files.keys()]).toEqual([
      'config/default.yaml',
      'packs/x.yaml',
      'packs/a-b.yaml',
      'packs/imported.yaml',
    ]);
  });

  it('cannot end the comment that names it', () => {
    const { files } = imported({ 'a\nrules: x.conf': '{"schedule":{}}' });
    expect(files.get('config/default.yaml')).toMatch(/^# Imported from "a\\nrules: x.conf"\.\nprofile: default\n/);
  });

  it('with a control character loses the query, and a pack with one in its discovery is left out as a whole', () => {
    const query = { query: 'SELECT uid FROM users', interval: 60 };
    const packs = { p: { discovery: ["SELECT 1 FROM users WHERE username = '\u0001'"], queries: { q: query } } };
    const schedule = { good: query, 'bad\u0007': query };
    expect(notesOf(imported({ 'osquery.conf': JSON.stringify({ schedule, packs }) }), 'left-out')).toEqual([
      'osquery.conf:1 query "bad\u0007"',
      'osquery.conf:1 pack "p"',
    ]);
  });

  it('whose pack has an unreadable restriction loses the pack, which would run on more hosts without it', () => {
    const pack = { platform: ['linux'], queries: { q: { query: 'SELECT uid FROM users', interval: 60 } } };
    expect(leftOut({ 'p.conf': JSON.stringify(pack) })).toEqual(['p.conf:1 pack "p"']);
  });
});
