import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy-compiler/index.ts';
import { aPolicy, aProfile, problemsOf } from './a-policy.ts';

const problemsOfProfile = (more: string) => problemsOf({ 'config/default.yaml': aProfile(more) });
const problemsOfOptions = (options: string) =>
  problemsOf({
    'config/default.yaml': `profile: default\noptions:\n  logger_tls_max_lines: 64\n  logger_tls_max_linesize: 16384\n${options.replace(/^/gm, '  ')}\n`,
  });

describe('options that osquery would ignore', () => {
  it.each([
    'tls_hostname',
    'tls_server_certs',
    'enroll_secret_path',
    'enroll_tls_endpoint',
    'config_plugin',
    'config_refresh',
    'config_tls_endpoint',
    'logger_plugin',
    'disable_carver',
    'carver_start_endpoint',
    'database_path',
    'disable_watchdog',
    'watchdog_memory_limit',
    'disable_extensions',
    'extensions_socket',
    'disable_tables',
    'enable_tables',
    'disable_enrollment',
  ])('%s works only in the flag file', (name) => {
    expect(problemsOfOptions(`${name}: x`)).toEqual([
      `error config/default.yaml:5:3 ${name} works only in the flag file: osquery ignores it in a configuration`,
    ]);
  });

  it.each([
    [
      'distributed_intervall: 10',
      'osquery has no option distributed_intervall: it would be skipped (did you mean distributed_interval?)',
    ],
    [
      'whatever_this_is: 10',
      'osquery has no option whatever_this_is: it would be skipped (options of your own begin with custom_)',
    ],
    ['docker_socket: ""', 'docker_socket is empty: osquery skips it'],
    ['docker_socket: null', 'docker_socket: must be a text, a whole number, true or false'],
    ['distributed_interval: 1.5', 'distributed_interval: must be a text, a whole number, true or false'],
    ['distributed_plugin: other', 'distributed_plugin "other": on-demand queries come over tls'],
    ['disable_distributed: true', 'nodes with this profile fetch no on-demand queries'],
  ])('%s: %s', (option, problem) => {
    expect(problemsOfOptions(option)).toEqual([expect.stringContaining(problem)]);
  });

  it.each(['custom_colour: blue', 'distributed_interval: 10', 'config_tls_refresh: 300', 'disable_audit: false'])(
    'but not %s',
    (option) => {
      expect(problemsOfOptions(option)).toEqual([]);
    },
  );
});

describe('log bodies', () => {
  it.each([
    ['logger_tls_max_lines: 1024', true],
    ['logger_tls_max_lines: 269\nlogger_tls_max_linesize: 16384', true],
    ['logger_tls_max_lines: 268\nlogger_tls_max_linesize: 16384', false],
    ['logger_tls_max_lines: 256\nlogger_tls_max: 16384', false],
  ])('%s: above 4.4 MB is %s', (options, isTooLarge) => {
    const problems = problemsOf({
      'config/default.yaml': `profile: default\noptions:\n${options.replace(/^/gm, '  ')}\n`,
    });
    expect(problems).toEqual(
      isTooLarge
        ? [expect.stringContaining('error config/default.yaml:3:3 logger_tls_max_lines × logger_tls_max_linesize')]
        : [],
    );
  });

  it('of a profile without a limit cause a warning', () => {
    expect(problemsOf({ 'config/default.yaml': 'profile: default\noptions: { verbose: true }\n' })).toEqual([
      expect.stringContaining(
        'warning config/default.yaml:2:1 logger_tls_max_lines × logger_tls_max_linesize is 1073741824 bytes',
      ),
    ]);
  });
});

describe('a schedule', () => {
  const scheduled = (fields: string, name = 'a') =>
    problemsOfProfile(`schedule:\n  ${name}: { query: SELECT pid FROM osquery_info, ${fields} }`);

  it.each([
    ['interval: 0', 'interval 0: osquery skips a query outside 1 to 604800 seconds'],
    ['interval: 604801', 'interval 604801: osquery skips a query'],
    ['interval: -5', 'interval -5: osquery skips a query'],
    ['interval: soon', 'interval: must be a whole number of seconds'],
    ['intervall: 60', 'unknown key "intervall" (did you mean "interval"?)'],
    ['interval: 60, version: new', 'version: must be a version such as 5.9.0'],
    ['interval: 60, shard: 101', 'shard: must be at most 100'],
    ['interval: 60, platform: beos', 'platform "beos" is none of osquery\'s'],
  ])('%s: %s', (fields, problem) => {
    expect(scheduled(fields)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([1, 5, 29])('of %i s is rejected with its four effects', (interval) => {
    expect(scheduled(`interval: ${interval}`)).toEqual([
      expect.stringMatching(/^error config\/default\.yaml:4:.*OOM.*CPU.*overlap.*watchdog.*allow_fast: true/),
    ]);
  });

  it('of less than 30 s is accepted with allow_fast, with a warning', () => {
    const { policy, problems } = compilePolicy(
      aPolicy({
        'config/default.yaml': aProfile(
          'schedule:\n  a: { query: SELECT pid FROM osquery_info, interval: 5, allow_fast: true }',
        ),
      }),
    );
    expect(problems).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/OOM.*CPU.*overlap.*watchdog/) },
    ]);
    expect(policy?.profiles[0]?.config.schedule).toEqual({
      a: { query: 'SELECT pid FROM osquery_info', interval: 5 },
    });
  });

  it.each([30, 604_800, '"60"'])('of %s is accepted', (interval) => {
    expect(scheduled(`interval: ${interval}`)).toEqual([]);
  });

  it.each([
    ['query.a', "names that begin with query. are osquery's own"],
    ['cache.a', "names that begin with cache. are osquery's own"],
    ['config_views.a', "names that begin with config_views. are osquery's own"],
    ['my_epoch', "names that end with epoch are osquery's own"],
    ['my_counter', "names that end with counter are osquery's own"],
    ["''", 'a scheduled query needs a name'],
  ])('cannot contain the name %s', (name, problem) => {
    expect(scheduled('interval: 60', name)).toEqual([expect.stringContaining(problem)]);
  });

  it('has its SQL checked', () => {
    expect(problemsOfProfile('schedule:\n  a: { query: SELECT pidd FROM osquery_info }')).toEqual([
      expect.stringContaining('config/default.yaml:4:22 no such column: pidd'),
    ]);
  });
});

describe('decorators', () => {
  it.each(['90', '0', 'x', '-60'])('cannot run every %s seconds', (interval) => {
    expect(problemsOfProfile(`decorators: { interval: { '${interval}': [SELECT pid FROM osquery_info] } }`)).toEqual([
      expect.stringContaining(`interval ${interval}: osquery accepts only multiples of 60 seconds`),
    ]);
  });

  it('have their SQL checked, with its position', () => {
    expect(
      problemsOfProfile(
        'decorators:\n  load:\n    - SELECT uuid FROM system_info\n    - SELECT uuidd FROM system_info',
      ),
    ).toEqual([expect.stringContaining('config/default.yaml:6:14 no such column: uuidd (did you mean uuid?)')]);
  });
});

describe('a profile for hosts of another platform', () => {
  const windows = (match: string, sql: string) =>
    problemsOf({
      'config/windows.yaml': aProfile(
        `match: { ${match} }\nschedule: { services: { query: '${sql}', interval: 3600 } }`,
      ).replace('default', 'windows'),
    });

  it('is checked against the tables of that platform', () => {
    expect(windows('platform: windows', 'SELECT name, status FROM services')).toEqual([]);
    expect(windows('platform: [windows]', 'SELECT name FROM apt_sources')).toEqual([
      expect.stringContaining('apt_sources is a table of Linux, not of Windows'),
    ]);
    expect(windows('platform: darwin', 'SELECT name FROM launchd')).toEqual([]);
  });

  it.each(['platform: amzn', 'hostname: web-*', 'platform: [ubuntu, windows]', 'platform: "*"'])(
    'is also checked against those of Linux if Linux hosts match: %s',
    (match) => {
      expect(windows(match, 'SELECT name, status FROM services')).toContainEqual(
        expect.stringContaining('services is a table of Windows, not of Linux'),
      );
    },
  );

  it('applies its platform to its packs', () => {
    const pack = '{ "queries": { "a": { "query": "SELECT name FROM services", "interval": 60 } } }';
    const profile = aProfile('match: { platform: windows }\npacks: [x]').replace('default', 'windows');
    expect(problemsOf({ 'packs/x.conf': pack, 'config/windows.yaml': profile })).toEqual([]);
    expect(problemsOf({ 'packs/x.conf': pack, 'config/default.yaml': aProfile('packs: [x]') })).toEqual([
      expect.stringContaining('services is a table of Windows, not of Linux'),
    ]);
  });
});

describe('profiles', () => {
  const other = (match: string) => ({
    'config/other.yaml': `profile: other\noptions: { logger_tls_max_lines: 1 }\n${match}\n`,
  });

  it('are tried in order, the default last', () => {
    const profile = (name: string, order: number) =>
      `profile: ${name}\norder: ${order}\nmatch: { hostname: x }\noptions: { logger_tls_max_lines: 1 }\n`;
    const files = {
      'config/a.yaml': profile('later', 20),
      'config/b.yaml': profile('b', 10),
      'config/c.yaml': profile('a', 10),
    };
    const { policy } = compilePolicy(aPolicy({ ...files, 'config/default.yaml': `${aProfile()}order: 1\n` }));
    expect(policy?.profiles.map(({ name }) => name)).toEqual(['a', 'b', 'later', 'default']);
    expect(policy?.profiles[0]?.match).toEqual({ hostname: ['x'] });
    expect(policy?.profiles[3]?.match).toBeUndefined();
  });

  it.each([
    [
      'a second default',
      other(''),
      'config/other.yaml:1:10 two profiles have no "match": "default" is the default already',
    ],
    ['an empty match', other('match: {}'), 'match: must name at least one condition'],
    [
      'a match on the profile itself',
      other('match: { profile: x }'),
      'profile cannot choose a profile: it is known only after',
    ],
    [
      'a name that is in use',
      { 'config/z.yaml': aProfile('match: { hostname: x }') },
      'there is already a profile "default" (the other is at config/default.yaml:1:10)',
    ],
    ['no default', { 'config/default.yaml': aProfile('match: { hostname: x }') }, 'no profile is the default'],
    [
      'no content',
      { 'config/z.yaml': 'profile: z\nmatch: { hostname: x }\noptions: {}\nschedule: {}\n' },
      'logger_tls_max_lines',
    ],
  ])('with %s are reported', (_, files, problem) => {
    expect(problemsOf(files)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  it('are never empty', () => {
    expect(problemsOf({ 'config/default.yaml': 'profile: default\n' })).toEqual(
      expect.arrayContaining(['error config/default.yaml:1:1 the profile is empty: its nodes would do nothing']),
    );
  });

  it('are limited to 1 MiB', () => {
    const query = (i: number) =>
      `  q${i}: { query: "SELECT pid FROM processes WHERE name = '${'x'.repeat(16_000)}'" }\n`;
    const queries = Array.from({ length: 10 }, (_, i) => query(i)).join('');
    const paths = `file_paths: { a: ['/${'x'.repeat(920_000)}'] }\n`; // cheaper to check than queries
    const [first] = problemsOf({
      'config/default.yaml': aProfile(`${paths}packs: [x]\n`),
      'packs/x.yaml': `queries:\n${queries}`,
    });
    expect(first).toMatch(/error config\/default\.yaml:1:1 the configuration is \d+ bytes: osquery takes 1048576/);
  });

  it.each(['"\\u0001"', '"\\ud800"'])('have no character that osquery writes differently: %s', (text) => {
    expect(problemsOfProfile(`file_paths: { a: [${text}] }`)).toEqual([
      expect.stringContaining('the configuration contains the character U+'),
    ]);
  });
});
