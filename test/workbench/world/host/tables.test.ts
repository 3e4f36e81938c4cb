import { beforeEach, describe, expect, it } from '@jest/globals';
import { TABLES } from '../../../../workbench/world/host/tables/index.ts';
import { type Container, Random, type Row, SimulatedHost, VirtualClock } from '../../../../workbench/world/index.ts';
import { HOUR, MINUTE, SECOND, T0 } from '../world.ts';

let clock: VirtualClock;
let host: SimulatedHost;
let live: Container;
let dead: Container;

const TASK_ARN = 'arn:aws:ecs:us-east-1:111122223333:task/mayfly/0123456789abcdef0123456789abcdef';

beforeEach(async () => {
  clock = new VirtualClock(T0);
  host = new SimulatedHost({ instanceId: 'i-0123456789abcdef0', clock, random: new Random('tables') });
  const command = ['/bin/sh', '-c', 'sleep 10'];
  live = host.startContainer({
    name: 'ecs-sleepy-1-sleeper',
    image: 'busybox:1.36',
    command,
    children: [['sleep', '10']],
    labels: { 'com.amazonaws.ecs.task-arn': TASK_ARN, 'com.amazonaws.ecs.container-name': 'sleeper' },
    env: { STAGE: 'prod', URL: 'a=b' },
    ports: [{ containerPort: 80, hostPort: 32_768 }],
    mounts: [{ type: 'bind', source: '/etc', destination: '/host/etc', readOnly: true }],
    connections: [{ remoteAddress: '203.0.113.9', remotePort: 4444 }],
  });
  dead = host.startContainer({ name: 'gone', image: 'busybox:1.36', command, labels: { tier: 'batch' } });
  await clock.advance(SECOND);
  host.stopContainer(dead.id, 137);
  await clock.advance(5 * MINUTE);
});

function rows(sql: string): readonly Row[] {
  const answer = host.query(sql);
  if (!answer.ok) throw new Error(`${sql}: ${answer.message}`);
  return answer.rows;
}

function failure(sql: string): string {
  const answer = host.query(sql);
  return answer.ok ? 'no failure' : answer.message;
}

const ids = (sql: string) => rows(sql).map(({ id }) => id);

describe('columns of other platforms', () => {
  it.each([
    ['processes', 'upid'],
    ['users', 'type'],
    ['os_version', 'extra'],
    ['system_info', 'emulated_cpu_type'],
    ['interface_addresses', 'friendly_name'],
    ['interface_details', 'dhcp_enabled'],
    ['time', 'win_timestamp'],
  ])('of %s exist, empty and hidden: %s', (table, column) => {
    expect(rows(`SELECT ${column} FROM ${table} LIMIT 1`)).toEqual([{ [column]: '' }]);
    expect(rows(`SELECT * FROM ${table} LIMIT 1`)[0]).not.toHaveProperty(column);
  });
});

describe('docker_containers', () => {
  it('lists only running containers without a condition on id', () => {
    expect(ids('SELECT * FROM docker_containers')).toEqual([live.id]);
    expect(ids("SELECT id FROM docker_containers WHERE state = 'exited'")).toEqual([]);
    expect(ids("SELECT id FROM docker_containers WHERE name = '/gone'")).toEqual([]);
    expect(ids(`SELECT id FROM docker_containers WHERE id LIKE '${dead.id.slice(0, 12)}%'`)).toEqual([]);
    expect(ids("SELECT id FROM docker_containers WHERE id = ''")).toEqual([]);
  });

  it('shows an exited one by its id, with the exit code only in its status', () => {
    expect(rows(`SELECT * FROM docker_containers WHERE id = '${dead.id}'`)).toMatchObject([
      {
        id: dead.id,
        name: '/gone',
        state: 'exited',
        status: 'Exited (137) 5 minutes ago',
        pid: '0',
        started_at: '2025-10-06T12:34:56.000000000Z',
        finished_at: '2025-10-06T12:34:57.000000000Z',
        net_namespace: '',
      },
    ]);
  });

  it('describes a running one', () => {
    expect(rows(`SELECT * FROM docker_containers WHERE id = '${live.id}'`)).toMatchObject([
      {
        name: '/ecs-sleepy-1-sleeper',
        image: 'busybox:1.36',
        command: '/bin/sh -c sleep 10',
        state: 'running',
        status: 'Up 5 minutes',
        pid: String(live.processes[0].pid),
        created: String(T0 / 1000),
        path: '/bin/sh',
        env_variables: 'STAGE=prod, URL=a=b',
        finished_at: '',
        privileged: '0',
      },
    ]);
  });

  it('handles IN and OR as one comparison after another', () => {
    const both = [dead.id, live.id].sort();
    expect(ids(`SELECT id FROM docker_containers WHERE id IN ('${dead.id}', '${live.id}') ORDER BY id`)).toEqual(both);
    expect(ids(`SELECT id FROM docker_containers WHERE id = '${dead.id}' OR id = '${live.id}' ORDER BY id`)).toEqual(
      both,
    );
    expect(ids(`SELECT id FROM docker_containers WHERE id IN (SELECT '${dead.id}')`)).toEqual([dead.id]);
  });

  it('returns the prefix of the condition as id', () => {
    const prefix = dead.id.slice(0, 12);
    expect(ids(`SELECT id FROM docker_containers WHERE id = '${prefix}'`)).toEqual([prefix]);
  });

  it.each(["nothex'); --", '0'.repeat(65), 'ABCDEF'])('has no row for the id %s', (id) => {
    expect(ids(`SELECT id FROM docker_containers WHERE id = '${id.replaceAll("'", "''")}'`)).toEqual([]);
  });

  it('forgets an exited container three hours after its end', async () => {
    const sql = `SELECT id FROM docker_containers WHERE id = '${dead.id}'`;
    await clock.advance(3 * HOUR - 5 * MINUTE - SECOND);
    expect(ids(sql)).toEqual([dead.id]);
    await clock.advance(SECOND);
    expect(ids(sql)).toEqual([]);
  });
});

describe('the other docker tables', () => {
  it('find labels by container and containers by label', () => {
    const join = 'FROM docker_containers c JOIN docker_container_labels l ON l.id = c.id';
    expect(rows(`SELECT c.id, l.value ${join} WHERE l.key = 'com.amazonaws.ecs.task-arn'`)).toEqual([
      { id: live.id, value: TASK_ARN },
    ]);
    expect(rows(`SELECT c.state, l.key, l.value ${join} WHERE c.id = '${dead.id}'`)).toEqual([
      { state: 'exited', key: 'tier', value: 'batch' },
    ]);
    expect(rows("SELECT * FROM docker_container_labels WHERE key = 'tier'")).toEqual([]); // not running
  });

  it('refuse docker_container_processes without an id', () => {
    const message = 'Table docker_container_processes was queried without a required column in the WHERE clause';
    expect(failure('SELECT * FROM docker_container_processes')).toBe(message);
    expect(failure('SELECT * FROM docker_container_processes WHERE pid = 1')).toBe(message);
  });

  it('show the processes of a running container by id, prefix, IN or join, and none of an exited one', () => {
    const processes = [
      { pid: String(live.processes[0].pid), name: 'sh', cmdline: '/bin/sh -c sleep 10' },
      { pid: String(live.processes[1]?.pid), name: 'sleep', cmdline: 'sleep 10' },
    ];
    const select = 'SELECT p.pid, p.name, p.cmdline FROM docker_container_processes p';
    expect(rows(`${select} WHERE id = '${live.id}'`)).toEqual(processes);
    expect(rows(`${select} WHERE id = '${live.id.slice(0, 10)}'`)).toEqual(processes);
    expect(rows(`${select} WHERE id IN ('${live.id}', '${dead.id}')`)).toEqual(processes);
    const join = 'FROM docker_containers c JOIN docker_container_processes p ON p.id = c.id';
    expect(rows(`SELECT p.pid, p.name, p.cmdline ${join}`)).toEqual(processes);
    expect(rows(`${select} WHERE id = '${dead.id}'`)).toEqual([]);
  });

  it('show environment, ports, mounts, networks and images', () => {
    expect(rows('SELECT key, value FROM docker_container_envs')).toEqual([
      { key: 'STAGE', value: 'prod' },
      { key: 'URL', value: 'a=b' },
    ]);
    expect(rows('SELECT port, host_port, type FROM docker_container_ports')).toEqual([
      { port: '80', host_port: '32768', type: 'tcp' },
    ]);
    expect(rows('SELECT source, destination, rw FROM docker_container_mounts')).toEqual([
      { source: '/etc', destination: '/host/etc', rw: '0' },
    ]);
    expect(rows('SELECT name, ip_address FROM docker_container_networks')).toEqual([
      { name: 'bridge', ip_address: live.ipAddress },
    ]);
    expect(rows('SELECT tags, id FROM docker_images')).toEqual([{ tags: 'busybox:1.36', id: live.imageId }]);
    expect(rows('SELECT containers, containers_running, containers_stopped FROM docker_info')).toEqual([
      { containers: '2', containers_running: '1', containers_stopped: '1' },
    ]);
  });
});

describe('the host tables', () => {
  it('find a container’s processes by its id in the cgroup path', () => {
    const found = rows(`SELECT pid, cgroup_path, on_disk FROM processes WHERE cgroup_path LIKE '%${live.id}%'`);
    expect(found.map(({ pid }) => pid)).toEqual(live.processes.map(({ pid }) => String(pid)));
    expect(found[0]?.cgroup_path).toBe(
      `/ecstasks.slice/ecstasks-0123456789abcdef0123456789abcdef.slice/docker-${live.id}.scope`,
    );
    expect(rows(`SELECT pid FROM processes WHERE cgroup_path LIKE '%${dead.id}%'`)).toEqual([]);
  });

  it('join processes and sockets by pid', () => {
    const join = 'FROM process_open_sockets s JOIN processes p USING (pid)';
    expect(rows(`SELECT p.name, s.remote_address ${join} WHERE s.remote_port = 4444`)).toEqual([
      { name: 'sh', remote_address: '203.0.113.9' },
    ]);
    expect(rows('SELECT port FROM listening_ports ORDER BY port')).toEqual([
      { port: '22' },
      { port: '80' },
      { port: '32768' },
    ]);
  });

  it('contain the instance and the time', () => {
    expect(rows('SELECT instance_id, architecture FROM ec2_instance_metadata')).toEqual([
      { instance_id: 'i-0123456789abcdef0', architecture: 'arm64' },
    ]);
    expect(rows('SELECT unix_time, timestamp, weekday FROM time')).toEqual([
      { unix_time: String(T0 / 1000 + 301), timestamp: 'Mon Oct  6 12:39:57 2025 UTC', weekday: 'Monday' },
    ]);
    expect(rows('SELECT minutes FROM uptime')).toEqual([{ minutes: '15' }]);
    expect(rows('SELECT username FROM users WHERE uid = 0')).toEqual([{ username: 'root' }]);
  });

  it.each(TABLES.map(({ name, columns }) => [name, columns] as const))(
    '%s gives a text for every column',
    (name, columns) => {
      const where = columns.some(({ required }) => required) ? ` WHERE id = '${live.id}'` : '';
      const answer = host.query(`SELECT * FROM ${name}${where}`, {
        version: '5.23.1',
        instanceUuid: 'u',
        configHash: '',
        configValid: false,
        startedAtMs: T0,
      });
      if (!answer.ok) throw new Error(answer.message);
      expect(answer.columns).toEqual(columns.filter(({ hidden }) => !hidden).map((column) => column.name));
      expect(answer.rows.length).toBeGreaterThan(0);
      for (const row of answer.rows) {
        expect(Object.keys(row)).toEqual(answer.columns);
        expect(Object.values(row).every((value) => typeof value === 'string')).toBe(true);
      }
    },
  );

  it('return the first row with hidden columns, as an enrollment needs it', () => {
    expect(host.firstRow('os_version')).toMatchObject({ platform: 'amzn', pid_with_namespace: '0' });
    expect(rows('SELECT * FROM os_version')[0]).not.toHaveProperty('pid_with_namespace');
  });
});

describe('SQL on a host', () => {
  it('is SQLite’s', () => {
    expect(
      rows(
        'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT count(*) AS c, sum(i) AS s, avg(i) AS a FROM n',
      ),
    ).toEqual([{ c: '3', s: '6', a: '2.0' }]);
    expect(rows("SELECT NULL AS n, 1.5 AS f, 8123456789 AS b, x'41' AS x")).toEqual([
      { n: '', f: '1.5', b: '8123456789', x: 'A' },
    ]);
    expect(rows("SELECT sha1('a') AS h, split('a/b/c', '/', 1) AS p, regex_match('ab12', '\\d+', 0) AS r")).toEqual([
      { h: '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8', p: 'b', r: '12' },
    ]);
  });

  it.each([
    ['SELECT * FROM nope', 'no such table: nope'],
    ['SELECT nope FROM time', 'no such column: nope'],
    ['SELEC 1', 'near "SELEC": syntax error'],
    ['SELECT 1; SELECT * FROM nope', 'no such table: nope'],
    ['CREATE TABLE t(a)', 'not authorized'],
    ["ATTACH 'x' AS y", 'not authorized'],
  ])('%s fails with SQLite’s message', (sql, message) => {
    expect(failure(sql)).toBe(message);
  });

  it('works again after a failure', () => {
    failure('SELECT * FROM docker_container_processes');
    expect(ids('SELECT id FROM docker_containers')).toEqual([live.id]);
  });

  it('that is white space or a comment has neither columns nor rows', () => {
    expect(host.query(' -- nothing\n ')).toEqual({ ok: true, columns: [], rows: [] });
  });

  it('sees each host’s own containers', () => {
    const other = new SimulatedHost({ clock, random: new Random('other') });
    expect(other.query('SELECT id FROM docker_containers')).toMatchObject({ rows: [] });
    expect(other.instanceId).not.toBe(host.instanceId);
  });
});
