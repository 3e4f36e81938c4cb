import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { importPolicy } from '../../../../lib/policy-compiler/import/import-policy.ts';
import { scaled } from '../../../support/effort.ts';
import { configsOf, imported, notesOf } from './imported.ts';

const CONFIG = `# osquery's own comments
{
  "options": { "disable_distributed": "false", "schedule_splay_percent": 10,
    "tls_hostname": "old.example.com", "logger_tls_endpoint": "/old/log", "no_such_option": 1, "logger_tls_max_lines": 100, "logger_tls_max_linesize": 20000 },
  "schedule": {
    "uptime": { "query": "SELECT total_seconds FROM uptime; ", "interval": "600", "snapshot": "true", "author": "me" },
    "fast": { "query": "SELECT pid FROM processes", "interval": 5 },
    "broken": { "query": "SELECT nope FROM processes", "interval": 60 },
    "apps": { "query": "SELECT name FROM apps", "interval": 3600 }
  },
  "packs": {
    "inline": { "platform": "linux", "discovery": ["SELECT 1 FROM users"], "shard": "50",
      "queries": { "users": { "query": "SELECT username FROM users", "interval": 3600, "version": "5.0.0" } } },
    "web": "/usr/share/osquery/packs/web-servers.conf",
    "gone": "/usr/share/osquery/packs/gone.conf"
  },
  "decorators": { "load": ["SELECT uuid AS host_uuid FROM system_info;"], "interval": { "3600": ["SELECT total_seconds FROM uptime"] } },
  "file_paths": { "etc": ["/etc/%%"] },
  "feature_vectors": {}
}`;
const WEB = '{ "queries": { "ports": { "query": "SELECT port FROM listening_ports", "interval": 300 } } }';

describe("osquery's own configuration", () => {
  const result = imported({ 'osquery.conf': CONFIG, 'packs/web-servers.conf': WEB });

  it('becomes the default profile, with its packs as files', () => {
    expect([...result.files.keys()]).toEqual(['config/default.yaml', 'packs/inline.yaml', 'packs/web.yaml']);
    expect(configsOf(result).default).toEqual({
      options: {
        disable_distributed: 'false',
        logger_tls_max_lines: 100,
        logger_tls_max_linesize: 20000,
        schedule_splay_percent: 10,
      },
      schedule: {
        uptime: { query: 'SELECT total_seconds FROM uptime;', interval: 600, snapshot: true },
        fast: { query: 'SELECT pid FROM processes', interval: 5 },
        apps: { query: 'SELECT name FROM apps', interval: 3600, platform: 'darwin' },
      },
      packs: {
        inline: {
          platform: 'linux',
          discovery: ['SELECT 1 FROM users'],
          shard: 50,
          queries: { users: { query: 'SELECT username FROM users', interval: 3600, version: '5.0.0' } },
        },
        web: { queries: { ports: { query: 'SELECT port FROM listening_ports', interval: 300 } } },
      },
      decorators: {
        load: ['SELECT uuid AS host_uuid FROM system_info;'],
        interval: { 3600: ['SELECT total_seconds FROM uptime'] },
      },
      file_paths: { etc: ['/etc/%%'] },
    });
  });

  it('reports what it left out, with the line', () => {
    expect(notesOf(result, 'left-out')).toEqual([
      'osquery.conf:4 option logger_tls_endpoint',
      'osquery.conf:4 "tls_hostname" of "options"',
      'osquery.conf:4 "no_such_option" of "options"',
      'osquery.conf:6 "author" of query "uptime"',
      'osquery.conf:8 query "broken"',
      'osquery.conf:15 pack "gone"',
      'osquery.conf:19 "feature_vectors" of the configuration',
    ]);
    expect(result.notes.find(({ what }) => what === 'query "broken"')?.why).toBe('no such column: nope');
  });

  it('reports what it changed', () => {
    expect(notesOf(result, 'changed')).toEqual(['osquery.conf:7 query "fast"', 'osquery.conf:9 query "apps"']);
  });

  it('is the default beside other configurations, whose hosts have to be chosen', () => {
    const both = imported({ 'db.conf': '{"schedule":{}}', 'osquery.conf': CONFIG });
    expect([...both.files.keys()]).toEqual(['config/db.yaml', 'config/default.yaml', 'packs/inline.yaml']);
    expect(both.files.get('config/db.yaml')).toContain('match:\n  secret: db\n');
    expect(notesOf(both, 'to-do')).toEqual(['db.conf:1 profile "db"']);
  });
});

describe('packs without a configuration', () => {
  it('are used by all hosts', () => {
    const result = imported({ 'web.conf': WEB, 'a/b.json': WEB });
    expect(Object.keys(configsOf(result).default?.packs ?? {})).toEqual(['b', 'web']);
  });

  it('get a name that a file can have, and two of one name get two', () => {
    const result = imported({ 'a/x.conf': WEB, 'b/X.json': WEB, 'main.conf': WEB });
    expect(Object.keys(configsOf(result).default?.packs ?? {}).sort()).toEqual(['X-2', 'main-2', 'x']);
  });
});

describe('any configuration', () => {
  const text = fc.constantFrom(
    'SELECT total_seconds FROM uptime',
    'SELECT name, pid FROM processes WHERE name LIKE \'%"quoted": yes%\'',
    'SELECT uid FROM users;\n-- a comment: # not YAML\n',
    'SELECT nothing FROM nowhere',
    '  SELECT port\n\tFROM listening_ports  ',
  );
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      'a: b',
      '- x',
      '__proto__',
      'constructor',
      '#',
      '"',
      "'",
      'yes',
      '1',
      '~',
      '{}',
      '&a',
      '*a',
      '!x',
      '? ',
    ),
  );
  const query = fc.record(
    {
      query: text,
      interval: fc.oneof(fc.integer({ min: 1, max: 700_000 }), fc.constantFrom('60', '3600', 'often')),
      snapshot: fc.constantFrom(true, false, 'true', 'F', 1, null),
      removed: fc.boolean(),
      platform: fc.constantFrom('linux', 'darwin', 'posix', '', 'null', 'amiga'),
      version: fc.constantFrom('5.0.0', '', '5.x'),
      shard: fc.constantFrom(1, '50', 500),
    },
    { requiredKeys: ['query', 'interval'] },
  );
  const queries = fc.dictionary(name, query, { maxKeys: 4, noNullPrototype: true });
  const config = fc.record({
    schedule: queries,
    packs: fc.dictionary(name, fc.record({ queries }), { maxKeys: 2, noNullPrototype: true }),
    options: fc.dictionary(fc.constantFrom('verbose', 'utc', 'x', 'tls_hostname'), fc.jsonValue(), {
      noNullPrototype: true,
    }),
  });

  it('becomes a policy that compiles, and what its agents get can be imported again without a change', () => {
    fc.assert(
      fc.property(config, (value) => {
        const once = configsOf(imported({ 'osquery.conf': JSON.stringify(value) })).default;
        const again = imported({ 'osquery.conf': JSON.stringify(once) });
        expect(configsOf(again).default).toEqual(once);
        expect(notesOf(again, 'left-out')).toEqual([]);
      }),
      { numRuns: scaled(10) },
    );
  });

  it('keeps or reports each query', () => {
    fc.assert(
      fc.property(queries, (schedule) => {
        const result = imported({ 'osquery.conf': JSON.stringify({ schedule }) });
        const kept = Object.keys(configsOf(result).default?.schedule ?? {});
        const left = notesOf(result, 'left-out').filter((note) => / query "/.test(note));
        const lost = Object.keys(schedule).filter(
          (one) => !kept.includes(one) && !left.some((note) => note.endsWith(`query "${one}"`)),
        );
        expect(lost).toEqual([]);
      }),
      { numRuns: scaled(10) },
    );
  });
});

describe('a pack that rules of the policy need', () => {
  const withNeeded = (config: object) =>
    importPolicy(new Map([['osquery.conf', JSON.stringify(config)]]), {
      existing: new Map([['packs/starts.conf', WEB]]),
      packs: ['starts'],
    });
  const packs = { own: { queries: { q: { query: 'SELECT pid FROM processes', interval: 600 } } } };

  it('is a next step where it would need another delimiter for the imported packs', () => {
    const result = withNeeded({ packs });
    expect(result.files.get('config/default.yaml')).not.toContain('starts');
    expect(notesOf(result, 'to-do')).toEqual(['osquery.conf:1 pack "starts" for profile "default"']);
  });

  it.each([[{ schedule: {} }], [{ packs, options: { pack_delimiter: '/' } }]])(
    'is added to the profile of %j',
    (config) => {
      const result = withNeeded(config);
      expect(result.files.get('config/default.yaml')).toContain('- starts');
      expect(notesOf(result, 'to-do')).toEqual([]);
    },
  );
});
