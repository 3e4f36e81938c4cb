import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PolicyQuery } from '../../../lib/core/policy/policy.ts';
import { renderSql } from '../../../lib/core/sql/render.ts';
import { compilePolicy, readPolicyFolder } from '../../../lib/policy-compiler/index.ts';
import { type Container, Random, type Row, SimulatedHost, VirtualClock } from '../../../workbench/world/index.ts';

const { policy } = compilePolicy(readPolicyFolder(join(import.meta.dirname, '../../../policy')));
const rule = (name: string) => policy?.rules.find((one) => one.name === name);

let host: SimulatedHost;
let live: Container;
let dead: Container;

beforeEach(async () => {
  const clock = new VirtualClock(Date.parse('2026-11-20T10:00:00Z'));
  host = new SimulatedHost({ instanceId: 'i-0123456789abcdef0', clock, random: new Random('policy') });
  live = host.startContainer({
    name: 'api',
    image: 'busybox:1.36',
    command: ['/bin/sh', '-c', 'sleep 10'],
    labels: { team: 'payments' },
    mounts: [{ type: 'bind', source: '/etc', destination: '/host/etc', readOnly: true }],
    connections: [{ remoteAddress: '203.0.113.9', remotePort: 4444 }],
  });
  dead = host.startContainer({
    name: 'gone',
    image: 'busybox:1.36',
    command: ['false'],
    mounts: [{ type: 'bind', source: '/tmp', destination: '/data' }],
  });
  await clock.advance(1_000);
  host.stopContainer(dead.id, 137);
});

function answer(query: PolicyQuery | undefined, bindings = {}): readonly Row[] {
  if (!query) throw new Error('there is no such query');
  return rows(renderSql(query.sql, bindings));
}

function rows(sql: string): readonly Row[] {
  const result = host.query(sql);
  if (!result.ok) throw new Error(`${sql}: ${result.message}`);
  return result.rows;
}

describe('on a host', () => {
  it('the queries about a running task return its container, processes and surroundings', () => {
    const [container, processes, surroundings] = rule('ecs-task-running')?.queries ?? [];
    const containers = [live.id, dead.id];
    expect(Object.fromEntries(answer(container, { containers }).map(({ id, state }) => [id, state]))).toEqual({
      [live.id]: 'running',
      [dead.id]: 'exited',
    });
    expect(answer(processes, { containers }).every(({ id }) => id === live.id)).toBe(true);
    expect(answer(surroundings, { containers: [live.id] })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'mount', host_side: '/etc', container_side: '/host/etc', detail: 'read-only' }),
        expect.objectContaining({ kind: 'network', name: 'bridge' }),
        expect.objectContaining({ kind: 'socket', name: 'ESTABLISHED', container_side: '203.0.113.9:4444' }),
      ]),
    );
  });

  it('the queries about a stopped task return what is left of it', () => {
    const [container, mounts] = rule('ecs-task-running')?.postMortem ?? [];
    expect(answer(container, { containers: [dead.id] })).toMatchObject([{ id: dead.id, state: 'exited' }]);
    expect(answer(mounts, { containers: [dead.id] })).toMatchObject([{ id: dead.id, source: '/tmp' }]);
  });

  it('the last-gasp queries of a task return the processes of its containers and their connections', () => {
    const [container, processes, sockets] = rule('ecs-task-last-gasp')?.queries ?? [];
    const containers = [live.id];
    expect(answer(container, { containers })).toMatchObject([{ id: live.id, state: 'running' }]);
    expect(answer(processes, { containers }).map(({ cmdline }) => cmdline)).toContain('/bin/sh -c sleep 10');
    expect(answer(sockets, { containers })).toMatchObject([{ id: live.id, remote_address: '203.0.113.9' }]);
  });

  it('the last-gasp queries of an instance return its identity and its processes', () => {
    const query = (name: string) => rule('ec2-last-gasp')?.queries.find((one) => one.name === name);
    expect(answer(query('instance'))).toMatchObject([{ instance_id: 'i-0123456789abcdef0' }]);
    expect(answer(query('containers'))).toMatchObject([{ id: live.id }]);
    expect(answer(query('processes')).length).toBeGreaterThan(0);
  });

  it.each(['enrollment-identity', 'ec2-launched'])('every query of %s returns a row', (name) => {
    for (const query of rule(name)?.queries ?? []) {
      // osquery's tables about itself have rows while it runs.
      if (!query.sql.includes('osquery_info'))
        expect([query.name, answer(query).length > 0]).toEqual([query.name, true]);
    }
  });

  it('every decorator returns one row of named values', () => {
    const decorators = policy?.profiles[0]?.config.decorators as
      | { load: string[]; interval: Record<string, string[]> }
      | undefined;
    const values = [...(decorators?.load ?? []), ...Object.values(decorators?.interval ?? {}).flat()].map((sql) => {
      expect(rows(sql)).toHaveLength(1);
      return rows(sql)[0];
    });
    expect(Object.assign({}, ...values)).toMatchObject({
      hostname: host.hostname,
      host_uuid: host.uuid,
      device_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      ip: host.privateIp,
      interfaces: expect.stringContaining(host.macAddress),
      instance_id: 'i-0123456789abcdef0',
      instance_tags: expect.any(String),
      docker_image_labels: 'team=payments',
      docker_image_hashes: expect.stringMatching(/[0-9a-f]{64}/),
    });
  });
});
