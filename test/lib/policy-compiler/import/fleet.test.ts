import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { configsOf, imported, notesOf } from './imported.ts';

const GITOPS = `
policies:
  - name: Disk encryption
    query: SELECT 1 FROM disk_encryption WHERE encrypted = 1;
    resolution: Encrypt it.
queries:
  - path: ./lib/logins.queries.yml
  - name: USB devices
    query: SELECT model, vendor FROM usb_devices;
    interval: 300
    labels_include_any: [Arm, Chosen]
  - name: Elsewhere
    query: SELECT pid FROM processes
    interval: 300
    labels_exclude_any: [Only in Fleet]
labels:
  - name: Arm
    query: SELECT 1 FROM system_info WHERE cpu_type LIKE 'arm64%';
    label_membership_type: dynamic
  - name: Chosen
    label_membership_type: manual
    hosts: [web-1, "o'brien"]
  - name: Only in Fleet
    label_membership_type: host_vitals
    criteria: { vital: end_user_idp_group, value: Engineers }
  - name: Ubuntu hosts
    query: SELECT 1 FROM os_version WHERE platform = 'ubuntu';
agent_options:
  config:
    decorators: { load: [SELECT uuid AS host_uuid FROM system_info;] }
    options: { distributed_interval: 10, logger_tls_endpoint: /api/osquery/log, pack_delimiter: / }
  overrides:
    platforms:
      darwin: { options: { distributed_interval: 30 } }
  command_line_flags: { disable_audit: false }
  update_channels: { osqueryd: stable }
controls:
org_settings: { server_settings: { server_url: https://fleet.example.com } }
`;
const LOGINS = `- name: Logins
  description: Who is logged in?
  query: SELECT user, host FROM logged_in_users
  platform: darwin,linux,chrome
  interval: 60
  logging: differential_ignore_removals
  min_osquery_version: 5.4.0
  automations_enabled: true
- name: Deleted binaries
  query: SELECT pid, name FROM processes WHERE on_disk = 0
  interval: 0
- name: Chromebooks
  query: SELECT 1 FROM users
  platform: chrome
  interval: 60
`;
const TEAM = `
name: "💻 Workstations"
queries:
  - name: Users
    query: SELECT username FROM users
    interval: 3600
    logging: differential
agent_options:
  path: ../lib/options.yml
team_settings:
  secrets: [{ secret: not-to-be-copied }]
`;
const FILES = {
  'default.yml': GITOPS,
  'lib/logins.queries.yml': LOGINS,
  'lib/options.yml': 'config: { options: { distributed_interval: 20 } }\n',
  'teams/workstations.yml': TEAM,
};

describe("Fleet's GitOps folder", () => {
  const result = imported(FILES);
  const configs = configsOf(result);
  const packsOf = (profile: string) => configs[profile]?.packs as Record<string, Record<string, unknown>>;

  it('becomes profiles for all hosts, for platforms and for teams', () => {
    expect(Object.entries(configs).map(([name, { options }]) => [name, options])).toEqual([
      ['workstations', expect.objectContaining({ distributed_interval: 20 })],
      ['default-darwin', expect.objectContaining({ distributed_interval: 30 })],
      ['default', expect.objectContaining({ distributed_interval: 10, pack_delimiter: '/' })],
    ]);
    expect(result.files.get('config/workstations.yaml')).toContain('match:\n  secret: workstations\n');
  });

  it('names results like Fleet, and keeps how each query reports', () => {
    expect(packsOf('default').Global?.queries).toEqual({
      Logins: {
        query: 'SELECT user, host FROM logged_in_users',
        interval: 60,
        platform: 'darwin,linux',
        version: '5.4.0',
        removed: false,
      },
    });
    expect(packsOf('workstations')['team-workstations']?.queries).toEqual({
      Users: { query: 'SELECT username FROM users', interval: 3600 },
    });
    expect(packsOf('default')).not.toHaveProperty('team-workstations');
  });

  it('turns labels into discovery queries', () => {
    expect(packsOf('default')['Global-Arm-Chosen']).toEqual({
      discovery: [
        "SELECT 1 WHERE EXISTS (\nSELECT 1 FROM system_info WHERE cpu_type LIKE 'arm64%'\n) OR EXISTS (\n" +
          "SELECT 1 FROM system_info WHERE hostname IN ('web-1', 'o''brien') OR uuid IN ('web-1', 'o''brien') " +
          "OR hardware_serial IN ('web-1', 'o''brien')\n)",
      ],
      queries: {
        'USB devices': { query: 'SELECT model, vendor FROM usb_devices;', interval: 300, snapshot: true },
      },
    });
  });

  it('turns a query without an interval into a rule on a request', () => {
    const [document] = parseAllDocuments(result.files.get('rules/imported-requests.yaml') ?? '');
    expect(document?.toJS()).toEqual([
      {
        rule: 'deleted-binaries',
        answers: 'Deleted binaries',
        on: { request: 'deleted-binaries' },
        target: { host: 'detail.host' },
        platforms: ['linux', 'darwin', 'windows'],
        expires: '1h',
        queries: { answer: { sql: 'SELECT pid, name FROM processes WHERE on_disk = 0' } },
      },
    ]);
  });

  it('reports what only Fleet can do, and the next steps', () => {
    expect(notesOf(result, 'left-out')).toEqual([
      'default.yml:3 policy "Disk encryption"',
      'default.yml:12 query "Elsewhere"',
      'default.yml:26 label "Ubuntu hosts"',
      'default.yml:31 option logger_tls_endpoint',
      'default.yml:36 "update_channels" of the agent options',
      'default.yml:38 "org_settings"',
      'lib/logins.queries.yml:12 query "Chromebooks"',
      'teams/workstations.yml:10 "team_settings"',
    ]);
    expect(notesOf(result, 'to-do')).toEqual([
      'default.yml:35 command_line_flags',
      'teams/workstations.yml:2 team "💻 Workstations"',
    ]);
    expect(result.notes.find(({ what }) => what.startsWith('label'))?.why).toContain('{"platform":"ubuntu"}');
  });

  it('copies no secret', () => {
    expect(JSON.stringify([...result.files.values(), result.notes])).not.toContain('not-to-be-copied');
  });
});

describe('documents of fleetctl apply', () => {
  const APPLIED = `---
apiVersion: v1
kind: query
spec: { name: ports, query: SELECT port FROM listening_ports }
---
apiVersion: v1
kind: query
spec: { name: users, query: SELECT username FROM users, interval: 3600, team: Ops }
---
apiVersion: v1
kind: label
spec: { name: Linux, query: SELECT 1 FROM os_version WHERE platform = 'ubuntu' }
--- # a pack of before 2023
apiVersion: v1
kind: pack
spec:
  name: network
  targets: { labels: [Linux] }
  queries:
    - { query: ports, name: open-ports, interval: 600, snapshot: true, removed: true, shard: 50 }
    - { query: nowhere, interval: 600 }
---
apiVersion: v1
kind: team
spec: { team: { name: Ops, agent_options: { config: { options: { distributed_interval: 7 } } } } }
---
apiVersion: v1
kind: config
spec: { agent_options: { config: { options: { pack_delimiter: / } } }, org_info: {} }
---
apiVersion: v1
kind: enroll_secret
spec: { secrets: [{ secret: not-to-be-copied }] }
---
apiVersion: v1
kind: user_roles
spec: {}
`;
  const result = imported({ 'fleet.yml': APPLIED });

  it('become packs, with the SQL of their queries, and profiles', () => {
    const { default: config, ops } = configsOf(result);
    expect(config?.packs).toEqual({
      network: {
        discovery: ["SELECT 1 WHERE EXISTS (\nSELECT 1 FROM os_version WHERE platform = 'ubuntu'\n)"],
        queries: {
          'open-ports': {
            query: 'SELECT port FROM listening_ports',
            interval: 600,
            snapshot: true,
            removed: true,
            shard: 50,
          },
        },
      },
    });
    expect(Object.keys(ops?.packs ?? {})).toEqual(['network', 'team-ops']);
    expect(ops?.options).toMatchObject({ distributed_interval: 7 });
    expect(result.requests).toBe(0);
  });

  it('are reported with their lines', () => {
    expect(notesOf(result, 'left-out')).toEqual(['fleet.yml:21 query "nowhere"', 'fleet.yml:36 kind "user_roles"']);
    expect(notesOf(result, 'to-do')).toEqual(['fleet.yml:25 team "Ops"', 'fleet.yml:32 enroll secrets']);
    expect(JSON.stringify([...result.files.values(), result.notes])).not.toContain('not-to-be-copied');
  });

  it('give teams without options of their own those of all hosts', () => {
    const both = imported({
      'a.yml': 'agent_options: { config: { options: { utc: true }, packs: { own: { queries: {} } } } }\nqueries:\n',
      'b.yml': 'name: One\nqueries: [{ name: Users, query: SELECT uid FROM users, interval: 60 }]\n',
    });
    const { one, default: config } = configsOf(both);
    expect([one?.options, Object.keys(one?.packs ?? {})]).toEqual([config?.options, ['own', 'team-one']]);
    expect(both.packs).toBe(2);
  });
});
