import { beforeEach, describe, expect, it } from '@jest/globals';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import type { NodeIdentity } from '../../../../lib/core/nodes/node.ts';
import type { NodeMatch } from '../../../../lib/core/policy/policy.ts';
import { handleRules } from '../../../../lib/core/triggers/handle-rules.ts';
import { answerAll, aRequest } from '../../../support/a-request.ts';
import { aPolicyOf, aRule } from '../../../support/a-rule.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
});

/** Puts a policy in force whose request rule is for these nodes. */
function sweep(match: NodeMatch, hostsPerTrigger = 100): void {
  const rule = aRule('sweep', { request: 'sweep' }, { target: { 'hosts-where': match } });
  world.policy = inForce(aPolicyOf([rule], { hostsPerTrigger }));
}

/** An enrolled node with its entry in the directory. */
async function listed(host: string, identity: Partial<NodeIdentity> = {}, profile = 'default'): Promise<void> {
  const node = await world.aNode(host, identity);
  await world.ports.directory.record(directoryEntryOf(node, profile), world.nowMs + 60 * MINUTE);
}

/** Hosts with pending queries, and how many. */
async function asked(): Promise<Record<string, number>> {
  const hosts = (await world.everyQuery()).map(({ host }) => host).sort();
  return Object.fromEntries(hosts.map((host) => [host, hosts.filter((other) => other === host).length]));
}

const limited = () => world.reports.filter(({ event }) => event === 'fan_out_limited');
const hosts = (n: number): string[] => Array.from({ length: n }, (_, i) => `h${String(i).padStart(3, '0')}`);
const once = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 1]));

describe('a request for all nodes with some attributes', () => {
  it.each<[string, NodeMatch, string[]]>([
    ['platform', { platform: ['amzn', 'rhel'] }, ['db', 'web']],
    ['hostname', { hostname: ['db-*'] }, ['db']],
    ['host identifier', { hostIdentifier: ['w?b'] }, ['web']],
    ['profile', { profile: ['db-read-only'] }, ['db']],
    ['several attributes', { platform: ['amzn'], hostname: ['web-*'] }, ['web']],
    ['last seen', { seenWithinSeconds: 60 }, ['late']],
    ['no attribute, which matches every node', {}, ['db', 'late', 'web']],
    ['an attribute that no node has', { tags: { team: ['*'] } }, []],
  ])('queries only those, by %s', async (_, match, expected) => {
    await listed('db', { platform: 'amzn', hostname: 'db-01-ro-eu' }, 'db-read-only');
    await listed('web', { platform: 'amzn', hostname: 'web-01' });
    world.nowMs += 5 * MINUTE;
    await listed('late', { platform: 'ubuntu', hostname: 'x' });
    sweep(match);
    await world.take(aRequest('sweep'));
    expect(await asked()).toEqual(once(expected));
  });

  it('queries each once, even if the request is repeated after the answers', async () => {
    for (const host of hosts(5)) await listed(host);
    sweep({});
    const event = aRequest('sweep', { idempotencyKey: 'cve' });
    await world.take(event);
    for (const host of hosts(5)) expect(await answerAll(world, host)).toHaveLength(1);
    await world.take(event, aRequest('sweep', { idempotencyKey: 'cve' }));
    expect(await asked()).toEqual({});
  });

  it('skips a node that is gone', async () => {
    await listed('h1');
    world.nowMs += 61 * MINUTE;
    sweep({});
    await world.take(aRequest('sweep'));
    expect(await asked()).toEqual({});
  });

  it('stops at the limit, and reports it', async () => {
    for (const host of hosts(12)) await listed(host);
    sweep({}, 5);
    const event = aRequest('sweep');
    await world.take(event);
    expect(Object.keys(await asked())).toHaveLength(5);
    expect(limited()).toMatchObject([{ fields: { rule: 'sweep', hosts: 5 } }]);
    await world.take(event);
    expect(Object.keys(await asked())).toHaveLength(5);
  });

  it('does not favour hosts whose names sort first when a limit applies', async () => {
    const real = hosts(10);
    const fake = Array.from({ length: 20 }, (_, n) => `!${n}`);
    await Promise.all([...real, ...fake].map((host) => listed(host)));
    sweep({}, 20);
    let reached = 0;
    for (let n = 0; n < 10; n++) {
      const before = await asked();
      await world.take(aRequest('sweep', { idempotencyKey: `request ${n}` }));
      const after = await asked();
      reached += real.filter((host) => (after[host] ?? 0) > (before[host] ?? 0)).length;
    }
    // Two thirds of ten, ten times; ordered by name there would be none.
    expect(reached).toBeGreaterThan(40);
    expect(reached).toBeLessThan(90);
  });

  it('does not report a limit that is just reached', async () => {
    for (const host of hosts(12)) await listed(host);
    sweep({}, 12);
    await world.take(aRequest('sweep'));
    expect(await asked()).toEqual(once(hosts(12)));
    expect(limited()).toEqual([]);
  });

  it('respects a limit that was lowered while it was under way', async () => {
    for (const host of hosts(40)) await listed(host);
    const event = aRequest('sweep');
    const { id } = event;
    await world.ports.fanOuts.save(`event ${id} sweep`, { hosts: 21, cursor: '0 ', done: false }, world.nowMs);
    sweep({}, 20);
    await world.take(event);
    expect(await asked()).toEqual({});
    expect(limited()).toHaveLength(1);
  });
});

describe('a fan-out whose function dies', () => {
  it.each(['before', 'after'] as const)(
    '%s any write, resumes when the event is retried, and queries each host once',
    async (when) => {
      const names = hosts(6);
      for (let at = 1; ; at++) {
        world = await World.begin();
        for (const host of names) await listed(host);
        sweep({}, 4);
        const mortal = new Mortal(at, when);
        const event = { id: 'e1', occurredAtMs: world.nowMs, raw: aRequest('sweep') };
        const deps = world.taskDeps(mortal.ports(world.ports));
        await untilDeath(() => handleRules(event, deps));
        const early = Object.keys(await asked());
        await handleRules(event, world.taskDeps());
        const reached = await asked();
        expect([at, Object.keys(reached).length, [...new Set(Object.values(reached))]]).toEqual([at, 4, [1]]);
        expect(Object.keys(reached)).toEqual(expect.arrayContaining(early));
        if (!mortal.died) break;
      }
    },
  );
});
