import { describe, expect, it } from '@jest/globals';
import { configsOf, imported, notesOf } from './imported.ts';

/** As osctrl's API writes an environment: Go's names, and the parts of the configuration as texts. */
const ENVIRONMENT = {
  ID: 1,
  UUID: '11a1b2c3-0000-4000-8000-000000000000',
  Name: 'Prod_EU',
  Hostname: 'osctrl.example.com',
  Secret: 'not-to-be-copied',
  Options: '{"distributed_interval": 20, "schedule_splay_percent": 10}',
  Schedule: '{"users": {"query": "SELECT username FROM users;", "interval": 3600, "snapshot": true}}',
  Packs:
    '{"web": {"queries": {"ports": {"query": "SELECT port FROM listening_ports;", "interval": 300}}}, "local": "/etc/p.conf"}',
  Decorators: '{"always": ["SELECT hostname FROM system_info;"]}',
  ATC: '{}',
  Configuration: '{"options": {"utc": true}, "file_paths": {"etc": ["/etc/%%"]}}',
  Flags: '--tls_hostname=osctrl.example.com',
};

describe("osctrl's environments", () => {
  const result = imported({ 'environments.json': JSON.stringify([ENVIRONMENT], null, 2) });

  it('become a profile for the hosts that enroll with their secret', () => {
    expect(result.files.get('config/prod_eu.yaml')).toContain('match:\n  secret: prod-eu\n');
    expect(configsOf(result).prod_eu).toMatchObject({
      options: { distributed_interval: 20, schedule_splay_percent: 10 },
      schedule: { users: { query: 'SELECT username FROM users;', interval: 3600, snapshot: true } },
      packs: { web: { queries: { ports: { interval: 300 } } } },
      decorators: { always: ['SELECT hostname FROM system_info;'] },
      file_paths: { etc: ['/etc/%%'] },
    });
  });

  it('leave packs out that are files of the hosts, and copy no secret', () => {
    expect(notesOf(result, 'left-out')).toEqual(['environments.json:2 pack "local"']);
    expect(notesOf(result, 'to-do')).toEqual(['environments.json:2 environment "Prod_EU"']);
    expect(JSON.stringify([...result.files.values(), result.notes])).not.toContain('not-to-be-copied');
  });

  it('report parts that are no JSON', () => {
    const broken = imported({ 'e.json': JSON.stringify({ ...ENVIRONMENT, Schedule: '{"a":' }) });
    expect(notesOf(broken, 'left-out')).toContain('e.json:1 "Schedule" of the environment');
  });
});

describe("osctrl's saved queries", () => {
  it('become rules on requests', () => {
    const saved = [{ Name: 'Open ports', Creator: 'me', Query: 'SELECT port FROM listening_ports;' }];
    const result = imported({ 'saved.json': JSON.stringify(saved) });
    expect(result.requests).toBe(1);
    expect(result.files.get('rules/imported-requests.yaml')).toContain('rule: open-ports');
  });
});
