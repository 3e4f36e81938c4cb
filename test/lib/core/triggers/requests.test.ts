import { beforeEach, describe, expect, it } from '@jest/globals';
import { answerAll, aRequest, aWorldUnder } from '../../../support/a-request.ts';
import { aPolicyOf, aRule } from '../../../support/a-rule.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE, SECOND } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const CHECK = 'SELECT id, image FROM docker_containers';
const HOUR = 60 * MINUTE;
const policy = aPolicyOf([
  aRule('check', { request: 'host-check' }, { target: { host: 'detail.host' }, accelerateSeconds: 300 }),
  aRule(
    'ports',
    { request: 'ports' },
    {
      target: { host: 'detail.host' },
      queries: [
        {
          name: 'ports',
          sql: 'SELECT pid FROM listening_ports WHERE port IN (:ports)',
          bind: { ports: 'detail.ports' },
        },
      ],
    },
  ),
]);

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(policy);
  await world.aNode('h1');
});
const reported = (name: string) => world.reports.filter(({ event }) => event === name).map(({ fields }) => fields);

describe('a request on the bus', () => {
  it('queues the queries of its rule for the host it names, and accelerates it', async () => {
    await world.take(aRequest('host-check', { host: 'h1' }));
    expect(await world.waiting('h1')).toEqual([{ rule: 'check', query: 'containers', sql: CHECK }]);
    expect((await world.ports.registry.find('h1', true))?.hotUntilMs).toBe(world.nowMs + 300 * SECOND);
  });

  it('binds its own values in the query', async () => {
    await world.take(aRequest('ports', { host: 'h1', ports: [80, 443] }));
    expect(await world.waiting('h1')).toMatchObject([
      { sql: 'SELECT pid FROM listening_ports WHERE port IN (80, 443)' },
    ]);
  });

  it('finds a host by its instance id', async () => {
    await world.ports.aliases.learn('i-0abc', 'h1', world.nowMs);
    await world.take(aRequest('host-check', { host: 'i-0abc' }));
    expect(await world.waiting('h1')).toHaveLength(1);
  });

  it('may name several rules', async () => {
    await world.take(aRequest(['host-check', 'ports'], { host: 'h1', ports: [80] }));
    expect(await world.waiting('h1')).toMatchObject([{ rule: 'check' }, { rule: 'ports' }]);
  });

  it('for a host that never enrolled stays pending, and expires', async () => {
    await world.take(aRequest('host-check', { host: 'h9' }));
    expect(await world.waiting('h9')).toHaveLength(1);
    await world.aNode('h9');
    world.nowMs += 599 * SECOND;
    expect(await world.poll('h9')).toHaveLength(1);
    await world.take(aRequest('host-check', { host: 'h10' }));
    await world.aNode('h10');
    world.nowMs += 600 * SECOND;
    expect(await world.poll('h10')).toEqual([]);
    expect(await world.waiting('h10')).toEqual([]);
  });

  it.each<[string, unknown, Record<string, unknown>]>([
    ['by a name that no rule has', 'no-such-rule', { host: 'h1' }],
    ['by a name of another case', 'Host-Check', { host: 'h1' }],
    ['by the name of a rule instead of its request', 'check', { host: 'h1' }],
    ['without a name', undefined, { host: 'h1' }],
    ['by an object', { 'host-check': true }, { host: 'h1' }],
    ['by a name of a prototype member', '__proto__', { host: 'h1' }],
    ['without a host', 'host-check', {}],
    ['for a host with an empty name', 'host-check', { host: '' }],
    ['for an object', 'host-check', { host: { id: 'h1' } }],
    ['for several hosts, which is another target', 'host-check', { host: ['h1', 'h2'] }],
    ['for a name that is too long', 'host-check', { host: 'h'.repeat(1025) }],
    ['for a name that is too long in bytes', 'host-check', { host: '\u{1F41D}'.repeat(500) }],
    ['with a value that cannot be bound', 'ports', { host: 'h1', ports: [{ from: 1 }] }],
    ['with no value', 'ports', { host: 'h1', ports: [] }],
  ])('%s, is handled and queues nothing', async (_, name, detail) => {
    await world.take(aRequest(name, detail));
    expect(world.outcomes()).toEqual(['noted']);
    expect(await world.waiting('h1')).toEqual([]);
  });

  it('that names no host is reported', async () => {
    await world.take(aRequest('host-check'));
    expect(reported('rule_without_host')).toEqual([
      expect.objectContaining({ rule: 'check', why: 'detail.host yields no host' }),
    ]);
  });

  it('whose detail is no object is harmless', async () => {
    for (const detail of [null, 'host-check', ['host-check']])
      await world.take({ ...aRequest('x'), detail: detail as never });
    expect(world.outcomes()).toEqual(['noted', 'noted', 'noted']);
  });
});

describe('a repeated request', () => {
  it.each([
    [
      'the same event',
      () => {
        const event = aRequest('host-check', { host: 'h1' });
        return [event, event];
      },
    ],
    ['another event with its key', () => keyed('alert-4711', 'alert-4711')],
    ['another event with its key, which is a number', () => keyed(4711, 4711)],
  ])('as %s, queues once, even after the answer and a cold start', async (_, make) => {
    const [first, second] = make() as [never, never];
    await world.take(first);
    await world.take(second);
    expect(await answerAll(world, 'h1')).toEqual([CHECK]);
    for (const wait of [0, MINUTE, 23 * HOUR]) {
      world.nowMs += wait;
      world.coldStart();
      await world.take(second);
      expect(await world.waiting('h1')).toEqual([]);
    }
  });

  it('queues its queries if a limit dropped them before', async () => {
    const [first, second] = keyed('alert', 'alert');
    const { policy: live } = await world.policy();
    world.policy = inForce({ ...live, limits: { ...live.limits, pendingPerHost: 0 } });
    await world.take(first as never);
    expect(reported('query_dropped')).toHaveLength(1);
    world.policy = inForce(policy);
    await world.take(second as never);
    expect(await world.waiting('h1')).toHaveLength(1);
  });

  it('after a day is a new one, even if the table still holds its key', async () => {
    const [first, second] = keyed('nightly', 'nightly');
    await world.take(first as never);
    await answerAll(world, 'h1');
    world.nowMs += 24 * HOUR + SECOND;
    await world.aNode('h1');
    await world.take(second as never);
    expect(await world.waiting('h1')).toHaveLength(1);
  });

  it('with another key queues again', async () => {
    for (const event of keyed('a', 'b')) {
      await world.take(event);
      expect(await answerAll(world, 'h1')).toEqual([CHECK]);
    }
  });

  it('with the same key and another name is a different one', async () => {
    await world.take(aRequest('host-check', { host: 'h1', idempotencyKey: 'k' }));
    await world.take(aRequest('ports', { host: 'h1', ports: [1], idempotencyKey: 'k' }));
    expect(await world.waiting('h1')).toHaveLength(2);
  });

  it.each(['', {}, null, true])('with %p as its key is identified by its event', async (key) => {
    for (const event of keyed(key, key)) {
      await world.take(event);
      expect(await answerAll(world, 'h1')).toEqual([CHECK]);
    }
  });

  it("cannot pass for another request by using its event's id as a key", async () => {
    const event = aRequest('host-check', { host: 'h1' });
    await world.take(aRequest('host-check', { host: 'h2', idempotencyKey: event.id }));
    await world.take(event);
    expect(await world.waiting('h1')).toHaveLength(1);
  });
});

const keyed = (...keys: unknown[]) =>
  keys.map((idempotencyKey) => aRequest('host-check', { host: 'h1', idempotencyKey }));
