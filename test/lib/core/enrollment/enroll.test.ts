import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Table } from '../../../../lib/aws/table/table.ts';
import { planEnroll } from '../../../../lib/core/enrollment/plan-enroll.ts';
import { otherHostOf, resolveHost } from '../../../../lib/core/hosts/resolve-host.ts';
import { accepts, GRACE_MS, NODE_TTL_MS } from '../../../../lib/core/nodes/node.ts';
import { aNewcomer } from '../../../support/an-agent.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { interleave } from '../../../support/interleave.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';
import { portsOn, TableWorld } from '../../../support/table-world.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
const IDENTITY_QUERIES = [
  { rule: 'enrollment-identity', query: 'agent' },
  { rule: 'enrollment-identity', query: 'ec2' },
];

describe('an enrollment', () => {
  it('creates a node and queries its identity, with EC2 metadata only if the hardware indicates EC2', async () => {
    const { node, isSecondAgent, fresh } = await world.enroll('h1');
    expect({ isSecondAgent, fresh }).toEqual({ isSecondAgent: false, fresh: true });
    expect(await world.ports.registry.find('h1')).toEqual(node);
    expect(node).toMatchObject({ host: 'h1', epoch: T0 / 1000, lastSeenMs: T0, expiresAtMs: T0 + NODE_TTL_MS });
    expect(await world.waiting('h1')).toMatchObject(IDENTITY_QUERIES);
    const { pending } = await world.ports.queue.read('h1');
    expect(pending.find((query) => query.query === 'ec2')?.discovery).toContain("hardware_vendor = 'Amazon EC2'");
  });

  it('is idempotent within its grace period, for any number of requests', async () => {
    const { node } = await world.enroll('h1');
    await world.poll('h1');
    for (const seconds of [1, 60, 599]) {
      world.nowMs = T0 + seconds * SECOND;
      expect(await world.enroll('h1')).toMatchObject({
        node: { epoch: node.epoch },
        isSecondAgent: false,
        fresh: false,
      });
    }
    expect(await world.waiting('h1')).toEqual([]);
  });

  it('is a new one after the grace period, and the previous key stays valid for the same time', async () => {
    const before = (await world.enroll('h1')).node;
    world.nowMs = T0 + GRACE_MS;
    const { node, fresh } = await world.enroll('h1');
    expect(fresh).toBe(true);
    expect(node.epoch).toBeGreaterThan(before.epoch);
    expect(accepts(node, before.epoch, world.nowMs + GRACE_MS - 1)).toBe(true);
    expect(accepts(node, before.epoch, world.nowMs + GRACE_MS)).toBe(false);
  });

  it('of another agent that replaces a silent one is new: keys of the previous one do not open it', async () => {
    const before = (await world.enroll('h1', { agentInstance: 'a' })).node;
    world.nowMs += 15 * MINUTE;
    const { node } = await world.enroll('h1', { agentInstance: 'b' });
    expect(node.epoch).toBeGreaterThan(before.epoch);
    expect(accepts(node, before.epoch, world.nowMs)).toBe(false);
  });

  it('keeps pending queries and deliveries in flight', async () => {
    await world.enroll('h1');
    world.nowMs += GRACE_MS;
    const taken = await world.poll('h1');
    await world.ports.registry.accelerate('h1', world.nowMs + MINUTE);
    world.nowMs += SECOND;
    const { node } = await world.enroll('h1');
    expect(node).toMatchObject({ rev: 1, hotUntilMs: world.nowMs - SECOND + MINUTE });
    expect((await world.poll('h1')).map(({ query }) => query)).toEqual(taken.map(({ query }) => query));
  });

  it('expires a week after its node was last seen, whether or not the row is deleted', async () => {
    const before = (await world.enroll('h1')).node;
    world.nowMs += NODE_TTL_MS;
    const { node } = await world.enroll('h1');
    expect(node.epoch).toBeGreaterThan(before.epoch);
    expect(accepts(node, before.epoch, world.nowMs)).toBe(false);
  });
});

describe('concurrent enrollments', () => {
  let world: TableWorld;
  beforeAll(async () => {
    world = await TableWorld.begin();
  });

  it('share one node, one key and one set of queries', async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => world.enroll('h1')));
    expect(new Set(results.map(({ node }) => node.epoch)).size).toBe(1);
    expect(results.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(await world.waiting('h1')).toMatchObject(IDENTITY_QUERIES);
  });

  it('do so in any interleaving, even when they replace a node', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.nat({ max: 2 }), { minLength: 20, maxLength: 20 }),
        async (again, order) => {
          const host = `racing-${++runs}`;
          const one = new TableWorld(world.table);
          if (again) {
            await one.aNode(host);
            one.nowMs += GRACE_MS;
          }
          const enrolls = [1, 2, 3].map(() => (table: Table) => one.enroll(host, {}, portsOn(table, world.now)));
          const results = await interleave(world.table, order, enrolls);
          expect(new Set(results.map(({ node }) => node.epoch)).size).toBe(1);
          expect(results.filter(({ fresh }) => fresh)).toHaveLength(1);
          expect(await one.waiting(host)).toMatchObject(IDENTITY_QUERIES);
        },
      ),
      { numRuns: scaled(7) },
    );
  });

  it('do not make a poll of the old enrollment lose its claim', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 1 }), { minLength: 15, maxLength: 15 }), async (order) => {
        const host = `polling-${++runs}`;
        const one = new TableWorld(world.table);
        await one.enroll(host);
        one.nowMs += GRACE_MS;
        const polled: string[] = [];
        const poll = async (table: Table) => {
          polled.push(...(await one.poll(host, undefined, portsOn(table, world.now))).map(({ query }) => query));
        };
        await interleave<unknown>(world.table, order, [
          poll,
          (table) => one.enroll(host, {}, portsOn(table, world.now)),
        ]);
        one.nowMs += 16 * SECOND;
        polled.push(...(await one.poll(host)).map(({ query }) => query));
        // The queries of both enrollments, each delivered once.
        expect(polled.toSorted()).toEqual(['agent', 'agent', 'ec2', 'ec2']);
      }),
      { numRuns: scaled(7) },
    );
  });

  it('leave the queries to the next attempt if one crashes before its node is written', async () => {
    for (const at of [1, 2]) {
      const host = `dying-${at}`;
      const mortal = new Mortal(at, 'before');
      expect(
        await untilDeath(() => world.enroll(host, {}, portsOn(mortalTable(mortal, world.table), world.now))),
      ).toBeUndefined();
      await world.enroll(host);
      expect(await world.waiting(host)).toMatchObject(IDENTITY_QUERIES);
    }
  });
});

describe('two hosts with one identifier', () => {
  it('never share a queue: the second gets a separate host, the same each time', async () => {
    await world.enroll('h1', { uuid: 'first' });
    const { node, isSecondAgent } = await world.enroll('h1', { uuid: 'second', agentInstance: 'x' });
    expect(isSecondAgent).toBe(true);
    expect(node.host).toMatch(/^h1~[0-9a-f]{8}$/);
    expect((await world.enroll('h1', { uuid: 'second', agentInstance: 'x' })).node).toEqual(node);
    expect((await world.enroll('h1', { uuid: 'third' })).node.host).not.toBe(node.host);
    expect(await world.ports.registry.find('h1')).toMatchObject({ identity: { uuid: 'first' } });
    expect(await world.waiting(node.host)).toMatchObject(IDENTITY_QUERIES);
  });

  it('are distinguished only while the first is alive: a replacement takes over from a silent one', async () => {
    await world.enroll('h1', { uuid: 'first' });
    world.nowMs += 15 * MINUTE;
    const { node, isSecondAgent } = await world.enroll('h1', { uuid: 'second' });
    expect([node.host, isSecondAgent]).toEqual(['h1', false]);
  });

  it('are distinguished even if the first enrolled long ago but still polls', async () => {
    await world.enroll('h1', { uuid: 'first' });
    world.nowMs += 60 * MINUTE;
    await world.ports.registry.recordPoll('h1', world.nowMs - 5 * MINUTE);
    expect((await world.enroll('h1', { uuid: 'second' })).isSecondAgent).toBe(true);
  });

  it('are distinguished if one agent reports no hardware id, even with the database of the first', async () => {
    const { node: first } = await world.enroll('h1', { uuid: 'first', agentInstance: 'x' });
    const { node, isSecondAgent } = await world.enroll('h1', { uuid: '', agentInstance: 'x' });
    expect([isSecondAgent, node.host === first.host]).toEqual([true, false]);
  });

  it('are compared by hardware id without regard to case and surrounding blanks', async () => {
    const { node: first } = await world.enroll('h1', { uuid: 'EC2-1A', agentInstance: 'x' });
    expect((await world.enroll('h1', { uuid: ' ec2-1a ', agentInstance: 'x' })).node.epoch).toBe(first.epoch);
  });

  it('are distinguished if one of them reports no hardware', async () => {
    await world.enroll('h1', { uuid: 'first' });
    const { node, isSecondAgent } = await world.enroll('h1', { uuid: '', agentInstance: 'x' });
    expect([node.host, isSecondAgent]).toEqual([expect.stringMatching(/^h1~/), true]);
  });
});

describe('several agents on one host with one identifier', () => {
  const agents = ['db-1', 'db-2', 'db-3', 'db-4'];

  it('are distinguished at their first enrollment, the same way each time', async () => {
    const hosts: string[] = [];
    for (const agentInstance of agents) hosts.push((await world.enroll('h1', { agentInstance })).node.host);
    expect(hosts[0]).toBe('h1');
    expect(new Set(hosts).size).toBe(4);
    for (const [n, agentInstance] of agents.entries())
      expect((await world.enroll('h1', { agentInstance })).node.host).toBe(hosts[n]);
    expect((await world.ports.registry.find('h1'))?.secondAgents).toEqual(hosts.slice(1));
  });

  it('are distinguished even if the request that enrolled the second one crashed before that', async () => {
    const world = await TableWorld.begin();
    await world.enroll('h1', { agentInstance: 'first' });
    for (let at = 1, died = true; died; at++) {
      const mortal = new Mortal(at, 'before');
      await untilDeath(() =>
        world.enroll('h1', { agentInstance: 'second' }, portsOn(mortalTable(mortal, world.table), world.now)),
      );
      died = mortal.died;
    }
    const { node } = await world.enroll('h1', { agentInstance: 'second' });
    expect((await world.ports.registry.find('h1', true))?.secondAgents).toEqual([node.host]);
  });

  it('answer for the instance behind an alias, for an alias of either', async () => {
    await world.enroll('h1', { agentInstance: 'first' });
    const { node: second } = await world.enroll('h1', { agentInstance: 'second' });
    await world.ports.aliases.learn('i-1', second.host, world.nowMs);
    const deps = { ...world.ports, now: world.now };
    expect(await otherHostOf('i-1', second.host, deps)).toBeUndefined();
    expect(await otherHostOf('i-1', 'h1', deps)).toBeUndefined();
    expect(await otherHostOf('i-1', 'h2', deps)).toBe(second.host);
  });

  it('keep their names while the first shows signs of life', async () => {
    for (const agentInstance of agents) await world.enroll('h1', { agentInstance });
    world.nowMs += SECOND;
    await world.ports.registry.recordPoll('h1', world.nowMs);
    world.nowMs += 10 * MINUTE;
    expect((await world.enroll('h1', { agentInstance: 'db-2' })).isSecondAgent).toBe(true);
  });

  it('are one agent with a new database if the first is never seen again: it gets the name and the pending queries', async () => {
    await world.aNode('h1', { agentInstance: 'lost' });
    await world.ports.queue.enqueue(aHostQuery(1, { host: 'h1' }));
    const { node: second } = await world.enroll('h1', { agentInstance: 'new' });
    expect(second).toMatchObject({ host: expect.stringMatching(/^h1~/), contests: 'h1' });
    await world.ports.queue.enqueue(aHostQuery(2, { host: second.host, alias: 'h1' }));
    world.nowMs += 2 * MINUTE - 1;
    expect((await world.enroll('h1', { agentInstance: 'new' })).isSecondAgent).toBe(true);
    world.nowMs += 1;
    const { node, was } = await world.enroll('h1', { agentInstance: 'new' });
    expect([node.host, was]).toEqual(['h1', second.host]);
    const waiting = (await world.waiting('h1')).map(({ query }) => query);
    expect(waiting).toEqual(expect.arrayContaining(['host-1', 'host-2']));
    // Its temporary name has Docker access, but gets no more queries.
    await world.ports.registry.recordDockerAccess(second.host, world.nowMs);
    expect((await resolveHost('h1', { ...world.ports, now: world.now, report: world.report })).host).toBe('h1');
    // The lost agent enrolls again after all.
    expect((await world.enroll('h1', { agentInstance: 'lost' })).isSecondAgent).toBe(true);
  });

  it('are rejected with a reason if one reports neither hardware nor database', async () => {
    await world.enroll('h1');
    await expect(world.enroll('h1', { uuid: '', agentInstance: '' })).rejects.toThrow('names neither its hardware');
  });

  it('cannot take the name of an attested host', async () => {
    const { node } = await world.enroll('h1');
    const before = { ...node, attested: true };
    const plan = (identity: object, more: object = {}, atMs = T0) =>
      planEnroll(aNewcomer('h1', identity, more), before, atMs).kind;
    expect(plan({})).toBe('refused');
    expect(plan({}, { attested: true })).toBe('same');
    expect(plan({ agentInstance: 'x' }, {}, T0 + 60 * MINUTE)).toBe('second-agent');
    expect(plan({ agentInstance: 'x' }, { attested: true })).toBe('second-agent');
    expect(planEnroll(aNewcomer('h1', { agentInstance: 'x' }, { attested: true }), node, T0)).toMatchObject({
      kind: 'new',
      displaces: true,
      node: { attested: true, previousEpoch: undefined },
    });
  });

  it("give the name to the one that AWS's facts favour", async () => {
    const { node } = await world.enroll('h1');
    const plan = planEnroll(aNewcomer('h1', { agentInstance: 'x', uuid: 'y' }, { fit: 'fits' }), node, T0);
    expect(plan).toMatchObject({ kind: 'new', displaces: true });
  });
});
