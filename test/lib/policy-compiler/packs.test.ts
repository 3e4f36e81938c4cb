import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy-compiler/index.ts';
import { aPolicy, aProfile, problemsOf } from './a-policy.ts';

const problemsOfProfile = (more: string) => problemsOf({ 'config/default.yaml': aProfile(more) });

describe('packs', () => {
  const CONF = `# a comment
{
  "platform": "linux",
  "queries": {
    // another
    "a": {
      "query": "SELECT pid, name \\
                FROM processes WHERE name = \\"sshd\\";",
      "interval": "3600",
      "description": "what sshd runs"
    }
  }
}
`;

  it("are read in osquery's own format, with comments and continued lines", () => {
    const { policy, problems } = compilePolicy(
      aPolicy({ 'packs/x.conf': CONF, 'config/default.yaml': aProfile('packs: [x]') }),
    );
    expect(problems).toEqual([]);
    expect(policy?.profiles[0]?.config.packs).toEqual({
      x: {
        platform: 'linux',
        queries: {
          a: {
            query: expect.stringMatching(/^SELECT pid, name +FROM processes WHERE name = "sshd";$/),
            interval: 3600,
          },
        },
      },
    });
  });

  it('are accepted as other tools export them', () => {
    const exported = {
      platform: '',
      version: 'null',
      shard: '50',
      discovery: null,
      author: 'somebody',
      file_paths: { etc: ['/etc/%%'] },
      queries: {
        a: {
          ...{ query: 'SELECT name FROM apt_sources', interval: '600', snapshot: 'true', removed: 'f', denylist: 1 },
          ...{ platform: 'ubuntu,darwin', version: '', shard: null, author: ['x'], description: 7 },
        },
        b: { query: 'SELECT name FROM rpm_packages', interval: 60, platform: null, removed: null, version: '1.4.5' },
      },
    };
    const { policy, problems } = compilePolicy(
      aPolicy({ 'packs/x.conf': JSON.stringify(exported), 'config/default.yaml': aProfile('packs: [x]') }),
    );
    expect(problems).toEqual([]);
    expect(policy?.profiles[0]?.config.packs).toEqual({
      x: {
        shard: 50,
        file_paths: { etc: ['/etc/%%'] },
        queries: {
          a: {
            ...{ query: 'SELECT name FROM apt_sources', interval: 600, snapshot: true, removed: false, denylist: true },
            platform: 'ubuntu,darwin',
          },
          b: { query: 'SELECT name FROM rpm_packages', interval: 60, removed: false, version: '1.4.5' },
        },
      },
    });
  });

  it.each([
    ['interval', '"soon"', 'interval: must be a whole number of seconds'],
    ['snapshot', '"perhaps"', 'snapshot: must be true or false'],
    ['shard', '"101"', 'shard: must be at most 100'],
    ['version', '"new"', 'version: must be a version such as 5.9.0'],
  ])('are rejected if osquery would change %s: %s', (key, value, problem) => {
    const pack = `{ "queries": { "a": { "query": "SELECT pid FROM processes", "${key}": ${value} } } }`;
    expect(problemsOf({ 'packs/x.conf': pack, 'config/default.yaml': aProfile('packs: [x]') })).toContainEqual(
      expect.stringContaining(problem),
    );
  });

  it('may not contain options, because osquery would apply them', () => {
    const pack = '{ "queries": {}, "options": { "verbose": true } }';
    expect(problemsOf({ 'packs/x.conf': pack, 'config/default.yaml': aProfile('packs: [x]') })).toEqual([
      expect.stringContaining('unknown key "options"'),
    ]);
  });

  it('may contain queries for platforms outside the profile', () => {
    const pack = `{ "queries": { "a": { "query": "SELECT name FROM launchd", "interval": 60, "platform": "darwin" },
      "b": { "query": "SELECT x FROM y", "interval": 60, "platform": "freebsd" } } }`;
    expect(problemsOf({ 'packs/x.conf': pack, 'config/default.yaml': aProfile('packs: [x]') })).toEqual([
      expect.stringContaining('platform "freebsd" is none of osquery\'s: this never runs'),
    ]);
  });

  it('join lines before they remove comments, like osquery', () => {
    const pack =
      '{\n# gone \\\n with what goes on\n"queries": { "a": { "query": "SELECT 1 AS \\\n#", "interval": 60 } } }';
    expect(problemsOf({ 'packs/x.conf': pack, 'config/default.yaml': aProfile('packs: [x]') })).toContainEqual(
      expect.stringContaining('unrecognized token: "#"'),
    );
  });

  it('may be indented with tabs', () => {
    expect(
      problemsOf({ 'packs/x.conf': CONF.replaceAll('  ', '\t'), 'config/default.yaml': aProfile('packs: [x]') }),
    ).toEqual([]);
  });

  it('have problems at the right position in the file, even after comments', () => {
    expect(
      problemsOf({
        'packs/x.conf': CONF.replace('"interval"', '"intervall"'),
        'config/default.yaml': aProfile('packs: [x]'),
      }),
    ).toEqual(['error packs/x.conf:9:7 unknown key "intervall" (did you mean "interval"?)']);
  });

  it.each([
    ['packs: [nope]', 'there is no pack "nope" (there would have to be packs/nope.conf)'],
    ['packs: { x: /etc/osquery/packs/x.conf }', 'packs: must be a list of the names of packs'],
  ])('%s: %s', (line, problem) => {
    expect(problemsOfProfile(line)).toEqual([expect.stringContaining(problem)]);
  });

  it('are named in profiles by their file, and a misspelt name is reported', () => {
    const packs = { 'packs/base.conf': '{"queries": {}}', 'packs/rest.conf': '{"queries": {}}' };
    expect(problemsOf({ ...packs, 'config/default.yaml': aProfile('packs: [bsae, rest, rest]') })).toEqual([
      expect.stringContaining('there is no pack "bsae" (did you mean "base"?)'),
      expect.stringContaining('the pack "rest" is named twice'),
      'warning packs/base.conf:1:1 no profile uses the pack "base"',
    ]);
  });

  it('must not be named main', () => {
    expect(
      problemsOf({ 'packs/main.conf': '{"queries": {}}', 'config/default.yaml': aProfile('packs: [main]') }),
    ).toEqual([expect.stringContaining('a pack must not be named "main"')]);
  });
});
