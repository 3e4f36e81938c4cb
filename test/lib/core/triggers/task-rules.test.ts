import { describe, expect, it } from '@jest/globals';
import type { PolicyQuery, PolicyRule } from '../../../../lib/core/policy/policy.ts';
import { handleEvent } from '../../../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import { answerAll, aWorldUnder } from '../../../support/a-request.ts';
import { aPolicyOf, aRule } from '../../../support/a-rule.ts';
import { fixture } from '../../../support/fixtures.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE, SECOND } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const HOST = 'i-0a1b2c3d4e5f60718';
const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const HOUR = 60 * MINUTE;

const about = (name: string, columns = 'id, state'): PolicyQuery => ({
  name,
  sql: `SELECT ${columns} FROM docker_containers WHERE id IN (:containers)`,
  bind: { containers: 'detail.containers[].runtimeId' },
  evidence: { column: 'id' },
});
const onTask = (detail: Record<string, unknown>): PolicyRule['on'] => ({
  event: {
    source: ['aws.ecs'],
    'detail-type': ['ECS Task State Change'],
    ...(Object.keys(detail).length ? { detail } : {}),
  },
});
const running = (rule: Partial<PolicyRule> = {}): PolicyRule =>
  aRule('running', onTask({ lastStatus: ['RUNNING'] }), {
    target: 'ecs-task-host',
    queries: [about('container')],
    postMortem: [about('container', 'id, finished_at')],
    ...rule,
  });

let world: World;
async function under(...rules: PolicyRule[]): Promise<void> {
  world = await aWorldUnder(aPolicyOf(rules));
  await world.aNode(HOST);
  await arrives(15);
}
async function arrives(number: number, detail: Record<string, unknown> = {}): Promise<void> {
  const event = fixture(number, detail);
  world.nowMs = Math.max(world.nowMs, Date.parse(event.time));
  await world.take(event);
}
const sets = async (host = HOST) =>
  (await world.ports.queue.read(host, true)).pending.map(({ rule, query, set, sql }) => [rule, query, set, sql]);
const rules = async (host?: string) => (await sets(host)).map(([rule]) => rule);
const drops = () => world.reports.filter(({ event }) => event === 'query_dropped').map(({ fields }) => fields.limit);

describe('the post-mortem queries of a rule', () => {
  const cluster = (name: string) =>
    running({ on: onTask({ lastStatus: ['RUNNING'], clusterArn: [{ suffix: `/${name}` }] }) });

  it('are queued for a task that the rule would have matched while it ran', async () => {
    await under(cluster('ephemeral-prod'));
    await arrives(7);
    expect(await sets()).toEqual([['running', 'container', 'post-mortem', expect.stringContaining('finished_at')]]);
  });

  it('are not queued for a task of another cluster', async () => {
    await under(cluster('elsewhere'));
    await arrives(5);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
    await arrives(7);
    expect(await sets()).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'not-asked' });
  });

  it('replace the other set in a rule on tasks of any state', async () => {
    await under(running({ on: onTask({}) }));
    await arrives(7);
    expect(await sets()).toEqual([['running', 'container', 'post-mortem', expect.stringContaining('finished_at')]]);
  });

  it('do not affect a rule on the end only, which uses its own queries', async () => {
    await under(running({ name: 'ended', on: onTask({ lastStatus: ['STOPPED'] }), postMortem: [] }));
    await arrives(5);
    expect(await sets()).toEqual([]);
    await arrives(7);
    expect(await sets()).toMatchObject([['ended', 'container', 'post-mortem', expect.stringContaining('state')]]);
  });

  it('with the same SQL as the live ones are not treated as repeats', async () => {
    await under(running({ postMortem: [about('container')] }));
    world.policy = inForce(aPolicyOf([running({ postMortem: [about('container')] })], { spacingSeconds: 86_400 }));
    await arrives(5);
    await world.poll(HOST);
    await arrives(7);
    expect(await sets()).toMatchObject([['running', 'container', 'post-mortem', expect.anything()]]);
    expect(drops()).toEqual([]);
  });
});

describe('a rule whose queries a host has no tables for', () => {
  const onWindows = async (...rules: PolicyRule[]): Promise<void> => {
    world = await aWorldUnder(aPolicyOf(rules));
    await world.aNode(HOST, { platform: 'windows' });
    await arrives(15);
    await arrives(5);
    await arrives(7);
  };
  const linux = (name: string): PolicyQuery => ({ ...about(name), platforms: ['linux'] });

  it('sets the reason of the verdict', async () => {
    await onWindows(running({ queries: [linux('container')], postMortem: [linux('container')] }));
    expect(await sets()).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'not-on-platform' });
  });

  it('does not decide the verdict if another query can be queued', async () => {
    await onWindows(running({ queries: [linux('container')], postMortem: [linux('container'), about('other')] }));
    expect(await sets()).toMatchObject([['running', 'other', 'post-mortem', expect.anything()]]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
    world.nowMs += 24 * HOUR;
    expect(await world.verdict(TASK)).toMatchObject({ verdict: 'missed' });
  });
});

describe('the end of a task', () => {
  it('is queried by ids from earlier events, if its event has none', async () => {
    await under(running());
    await arrives(5);
    const bare = (fixture(7).detail.containers as Record<string, unknown>[]).map(({ runtimeId: _, ...rest }) => rest);
    await arrives(7, { containers: bare });
    expect(await sets()).toEqual([['running', 'container', 'post-mortem', expect.stringContaining('finished_at')]]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
  });

  it('finds room in a queue that is full of queries it withdraws', async () => {
    await under(running());
    world.policy = inForce(aPolicyOf([running()], { pendingPerHost: 1 }));
    await arrives(5);
    await arrives(7);
    expect(await sets()).toMatchObject([['running', 'container', 'post-mortem', expect.anything()]]);
    expect(drops()).toEqual([]);
  });

  it('keeps a query that can still prove something if none replaces it', async () => {
    const proving = running({ name: 'proving', postMortem: [] });
    const { evidence: _, ...telling } = about('telling');
    await under(proving, running({ name: 'telling', queries: [telling], postMortem: [telling] }));
    await arrives(5);
    await arrives(7);
    expect((await sets()).map(([rule, , set]) => `${rule} ${set}`)).toEqual(
      expect.arrayContaining(['proving live', 'telling post-mortem']),
    );
  });

  it('is handled even if two functions queued the same queries concurrently', async () => {
    await under(running());
    world.nowMs = Date.parse(fixture(5).time);
    await world.take(fixture(5), fixture(5, { version: 6 }));
    await arrives(7);
    expect((await sets()).map(([, , set]) => set)).toEqual(['post-mortem']);
    const { queryKeys } = (await world.record(TASK)).handling ?? {};
    expect(new Set(queryKeys?.map(({ queryId }) => queryId)).size).toBe(queryKeys?.length);
  });

  it('withdraws queries of an event that was superseded while it was handled', async () => {
    await under(running());
    const { markHandled } = world.ports.ledger;
    world.ports.ledger.markHandled = async (...args) => {
      world.ports.ledger.markHandled = markHandled;
      const more = [
        ...(fixture(5).detail.containers as object[]),
        { name: 'late', lastStatus: 'RUNNING', runtimeId: 'f'.repeat(64) },
      ];
      await arrives(5, { version: 6, containers: more });
      return markHandled.apply(world.ports.ledger, args);
    };
    await arrives(5);
    expect(await sets()).toHaveLength(2);
    await arrives(7);
    expect((await sets()).map(([, , set]) => set)).toEqual(['post-mortem']);
  });
});

describe('a rule on tasks with another target', () => {
  const elsewhere = running({ name: 'elsewhere', target: { host: "'bastion'" }, postMortem: [] });

  it('queues once even if the event is repeated, before or after the answer', async () => {
    await under(elsewhere);
    await world.aNode('bastion');
    await arrives(5);
    await arrives(8);
    expect(await answerAll(world, 'bastion')).toHaveLength(1);
    world.coldStart();
    await arrives(5);
    await arrives(8);
    expect(await sets('bastion')).toEqual([]);
    expect(await sets()).toEqual([]);
  });

  it("applies in addition to the rule for the task's host", async () => {
    await under(elsewhere, running());
    await arrives(5);
    expect([await rules('bastion'), await rules()]).toEqual([['elsewhere'], ['running']]);
  });

  it('queues once, like the rule for the host, wherever the function dies first', async () => {
    for (let at = 1; ; at++) {
      await under(elsewhere, running());
      const mortal = new Mortal(at, 'after');
      const deps = world.taskDeps(mortal.ports(world.ports));
      await untilDeath(() => handleEvent(parseEvent(fixture(5)), deps));
      await arrives(5);
      expect([at, await rules('bastion'), await rules()]).toEqual([at, ['elsewhere'], ['running']]);
      if (!mortal.died) break;
    }
  });
});

describe('a rule on container instances', () => {
  it('queries its instance, once', async () => {
    const on = {
      event: { 'detail-type': ['ECS Container Instance State Change'], detail: { agentConnected: [false] } },
    };
    await under(aRule('disconnected', on, { target: 'ec2-instance' }));
    expect(await sets()).toEqual([]);
    await arrives(16);
    const host = String(fixture(16).detail.ec2InstanceId);
    expect(await sets(host)).toMatchObject([['disconnected', 'containers', 'request', expect.anything()]]);
    await world.ports.queue.remove((await world.ports.queue.read(host, true)).pending);
    await arrives(16);
    expect(await sets(host)).toEqual([]);
  });
});

describe('a query dropped by a limit', () => {
  const two = running({ queries: [about('container'), about('processes')] });
  const limitedTo = (pendingPerHost: number) => inForce(aPolicyOf([two], { pendingPerHost }));

  it('is the reason why the task was missed', async () => {
    await under(two);
    world.policy = limitedTo(1);
    await arrives(5);
    expect(await sets()).toEqual([['running', 'container', 'live', expect.anything()]]);
    expect(drops()).toEqual(['pendingPerHost']);
    expect((await world.record(TASK)).troubles).toEqual(['limited']);
    world.nowMs += HOUR;
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'limited' });
  });

  it('is the reason even if no query was queued', async () => {
    await under(two);
    world.policy = limitedTo(0);
    await arrives(5);
    await arrives(7);
    expect(await sets()).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'limited' });
  });

  it('does not count pending queries of the same event after a crash', async () => {
    for (let at = 1; ; at++) {
      await under(two);
      world.policy = limitedTo(2);
      const mortal = new Mortal(at, 'after');
      await untilDeath(() => handleEvent(parseEvent(fixture(5)), world.taskDeps(mortal.ports(world.ports))));
      await arrives(5);
      const { troubles, handling } = await world.record(TASK);
      expect([at, (await sets()).length, troubles, handling?.queryKeys.length]).toEqual([at, 2, [], 2]);
      if (!mortal.died) break;
    }
  });
});

describe('a container with an unsafe id', () => {
  const containers = fixture(5).detail.containers as Record<string, unknown>[];
  const withIds = (...ids: unknown[]) => ({
    containers: ids.map((runtimeId, n) => ({ ...containers[n % 2], runtimeId })),
  });

  it('is never queried, and the ledger has the reason; the others are queried', async () => {
    await under(running());
    await arrives(5, withIds("x') OR ('1'='1", 'a'.repeat(64)));
    expect(await sets()).toEqual([['running', 'container', 'live', expect.anything()]]);
    expect(await world.waiting(HOST)).toMatchObject([
      { sql: `SELECT id, state FROM docker_containers WHERE id IN ('${'a'.repeat(64)}')` },
    ]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'unsafe-id' });
  });

  it.each(["'", '../../x', 'a b', 'x'.repeat(256), 'ä'])('like %p leaves nothing to ask', async (id) => {
    await under(running());
    await arrives(5, withIds(id));
    expect(await sets()).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'unsafe-id' });
  });
});

describe('a policy that changes while a task runs', () => {
  it('and loses the rule queues no more, and its queries are still awaited', async () => {
    await under(running());
    await arrives(5);
    world.policy = inForce(aPolicyOf([]));
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
    await arrives(7);
    expect(await sets()).toMatchObject([['running', 'container', 'live', expect.anything()]]);
    world.nowMs += HOUR;
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('and gets a new rule queues its post-mortem queries at the end', async () => {
    await under();
    await arrives(5);
    world.policy = inForce(aPolicyOf([running()]));
    await arrives(7);
    expect(await sets()).toMatchObject([['running', 'container', 'post-mortem', expect.anything()]]);
  });

  it('and renames the rule queues its post-mortem queries once, and withdraws undelivered ones', async () => {
    await under(running());
    await arrives(5);
    world.policy = inForce(aPolicyOf([running({ name: 'renamed' })]));
    await arrives(7);
    await arrives(7);
    expect(await sets()).toMatchObject([['renamed', 'container', 'post-mortem', expect.anything()]]);
  });

  it('and cannot be read at the moment fails the event, which queues on its retry', async () => {
    await under(running());
    const before = world.policy;
    world.policy = async () => {
      throw new Error('throttled');
    };
    await expect(world.take(fixture(5))).rejects.toThrow('throttled');
    world.policy = before;
    world.nowMs += SECOND;
    await arrives(5);
    expect(await sets()).toHaveLength(1);
  });
});
