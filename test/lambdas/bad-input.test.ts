import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageOf } from '../../lib/core/ledger/coverage.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { aFinding, withResource } from '../support/a-finding.ts';
import { scaled } from '../support/effort.ts';
import { type AnyEvent, fixture, fixtureNumbers, KINDS } from '../support/fixtures.ts';
import { FunctionWorld } from '../support/function-world.ts';
import { pathsOf, replaced } from '../support/json-path.ts';
import { everyQuery, everything } from '../support/scan.ts';
import { TableWorld } from '../support/table-world.ts';
import { MINUTE } from '../support/times.ts';

/*
 * What every kind of event has in common when it is not as it should be: it is dealt with or called malformed and not tried again, it says so
 * in the log, its workload has one verdict, and nothing is counted twice.
 */

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const CONTAINER_INSTANCE = String(fixture(5).detail.containerInstanceArn);
const HOUR = 60 * MINUTE;
const policy: Policy = builtIn.policy;

/** On a table, whose keys and items have limits; in memory where what is stored is only compared. */
let world: TableWorld | FunctionWorld;
async function begin(where: TableWorld | FunctionWorld): Promise<void> {
  world = where;
  world.ecs.known.set(CONTAINER_INSTANCE, INSTANCE);
  await world.aNode(INSTANCE);
}
const onTable = async () => begin(await TableWorld.under(policy));
const inMemory = () => begin(FunctionWorld.under(policy));
beforeEach(inMemory);

/** Sends events to the functions one after the other, and checks the log line of each. */
async function handle(...events: (AnyEvent | string)[]) {
  const from = world.reports.length;
  for (const event of events) await world.send(event);
  const reports = world.reports.slice(from);
  const outcomes = reports.flatMap(({ event, fields }) => (event === 'event_handled' ? [fields.outcome] : []));
  const failures = reports.flatMap(({ event, fields }) => (event === 'event_failed' ? [String(fields.error)] : []));
  const malformed = reports.flatMap(({ event, fields }) => (event === 'event_malformed' ? [String(fields.why)] : []));
  expect(outcomes.length + failures.length).toBe(events.length);
  return { outcomes, failures, malformed };
}

const waiting = () => (world instanceof TableWorld ? everyQuery(world.table) : world.everyQuery());

async function everyRecord() {
  if (!(world instanceof TableWorld)) return world.records;
  const keys = (await everything(world.table)).filter(({ sk }) => sk === '#ledger').map(({ pk }) => String(pk));
  const all = await world.ports.ledger.read(keys.map((key) => key.slice('WORKLOAD#'.length)));
  expect(all).toHaveLength(keys.length);
  return all;
}

/** The records of the ledger, after a check: each has one verdict, now and after the last possible answer, and no negative time. */
async function accounts() {
  const all = await everyRecord();
  expect(new Set(all.map(({ workload }) => workload)).size).toBe(all.length);
  for (const atMs of [world.nowMs, world.nowMs + 48 * HOUR]) {
    const { all: counted } = await coverageOf(all, atMs);
    expect(Object.values(counted.verdicts).reduce((sum, count) => sum + count, 0)).toBe(all.length);
    for (const wait of Object.values(counted.timeToAnswerMs ?? {})) expect(wait).toBeGreaterThanOrEqual(0);
  }
  return all;
}

/** The effects of an event on an empty world: the state that it may change. */
async function comesTo(event: AnyEvent | string) {
  await inMemory();
  const { outcomes, failures } = await handle(event, event);
  const workloads = (await accounts()).map(({ workload, identity }) => ({
    workload,
    cluster: identity.cluster ?? null,
  }));
  const queries = (await waiting()).map(({ host, rule, query, workload }) => `${host} ${rule} ${query} ${workload}`);
  return { outcomes, failures, workloads, queries: queries.sort() };
}

const nested = (depth: number): unknown => JSON.parse('[{"a":'.repeat(depth) + 1 + '}]'.repeat(depth));

// `every-kind.test.ts` of the core tries such changes one by one.
it.each(KINDS)('event %i, %s, is stored the same with additional fields and a megabyte', async (number) => {
  const event = fixture(number);
  const plain = await comesTo(event);
  expect(plain.failures).toEqual([]);
  const more = { quantum: [{}], deep: nested(1000), more: '\u{1F41D}'.repeat(250_000) };
  const resources = [INSTANCE, 'x', '', 7, null, {}];
  const changed = { ...event, resources, account: 111_122_223_333, trace: 'x', detail: { ...event.detail, ...more } };
  expect(await comesTo(changed)).toEqual(plain);
});

describe('an unknown value', () => {
  const at = (event: AnyEvent, ...path: string[]): AnyEvent => {
    const set = (node: unknown, [key = '', ...rest]: string[]): unknown => ({
      ...(node as object),
      [key]: rest.length > 0 ? set((node as Record<string, unknown>)[key], rest) : 'SOMETHING_NEW',
    });
    return set(event, path) as AnyEvent;
  };

  it.each<[string, AnyEvent]>([
    ['status of a task', at(fixture(5), 'detail', 'lastStatus')],
    ['desired status', at(fixture(5), 'detail', 'desiredStatus')],
    ['launch type', at(fixture(5), 'detail', 'launchType')],
    ['stop code', at(fixture(7), 'detail', 'stopCode')],
    ['status of a container instance', at(fixture(15), 'detail', 'status')],
    ['state of an instance', at(fixture(19), 'detail', 'state')],
    ['action of Spot', at(fixture(20), 'detail', 'instance-action')],
    ['origin of a launch', at(fixture(22), 'detail', 'Origin')],
    ['destination of a launch', at(fixture(22), 'detail', 'Destination')],
    ['transition of a hook', at(fixture(24), 'detail', 'LifecycleTransition')],
    ['destination of a hook', at(fixture(24), 'detail', 'Destination')],
    ['type of a resource', at(fixture(25), 'detail', 'resource', 'resourceType')],
    ['type of a finding', at(fixture(26), 'detail', 'type')],
    ['role of a resource', at(fixture(26), 'detail', 'service', 'resourceRole')],
    ['detail type of ECS', at(fixture(5), 'detail-type')],
    ['source', at(fixture(5), 'source')],
  ])('does not fail, and its workload has a verdict: %s', async (_, event) => {
    const { outcomes, failures } = await handle(event, event);
    expect([outcomes.length, failures]).toEqual([2, []]);
    await accounts();
  });
});

describe('a descriptive field', () => {
  beforeEach(onTable);

  it.each<[string, Record<string, unknown>]>([
    ['numbers for texts', { group: 7, startedBy: 1.5, availabilityZone: true, stopCode: [], launchType: {} }],
    ['texts for numbers and lists', { attachments: 'none', cpu: 256, memory: {} }],
    ['nulls', { group: null, startedBy: null, availabilityZone: null, attachments: null, launchType: null }],
    ['attachments of another kind', { attachments: [{ details: { name: 'macAddress', value: 'x' } }] }],
    ['thousands of attachments', { attachments: Array.from({ length: 5000 }, () => ({ details: [{}] })) }],
    ['texts of a megabyte', { group: 'g'.repeat(1e6), startedBy: '\u{1F41D}'.repeat(2e5), stopCode: 's'.repeat(1e6) }],
    ['halves of surrogate pairs', { group: '\ud83d', startedBy: '\udc1d', availabilityZone: 'a\ud83d' }],
  ])('is left out or cut if it is invalid: %s', async (_, detail) => {
    const { failures } = await handle(fixture(5, detail));
    expect(failures).toEqual([]);
    const [record] = await accounts();
    expect(record?.subjects).toHaveLength(2);
    for (const text of Object.values(record?.identity ?? {})) expect(text.length).toBeLessThanOrEqual(1024);
  });

  it.each<[string, unknown, number | undefined]>([
    ['a text', '137', 137],
    ['a text that is not a number', 'x', undefined],
    ['a fraction', 1.5, undefined],
    ['larger than any number', 1e308, undefined],
    ['negative', -1, -1],
    ['null', null, undefined],
  ])('such as an exit code that is %s', async (_, exitCode, kept) => {
    const [container] = fixture(7).detail.containers as object[];
    expect((await handle(fixture(7, { containers: [{ ...container, exitCode }] }))).failures).toEqual([]);
    expect((await accounts())[0]?.containers[0]?.exitCode).toBe(kept);
  });
});

describe('an event with an impossible value', () => {
  it.each<[string, AnyEvent]>([
    [
      'more containers than a task can have',
      fixture(5, { containers: Array(51).fill({ name: 'c', lastStatus: 'RUNNING' }) }),
    ],
    ['an ARN that is too long for a key', { ...fixture(5, { taskArn: '\u{1F41D}'.repeat(300) }), resources: [] }],
    [
      'a container instance whose ARN is too long for a key',
      { ...fixture(15, { containerInstanceArn: 'x'.repeat(1025) }), resources: [] },
    ],
    ['an instance that is a number', { ...fixture(19, { 'instance-id': 7 }), resources: [] }],
    ['a notice about no instance', { ...fixture(20, { 'instance-id': '' }), resources: [] }],
    ['a hook without a group', fixture(24, { LifecycleHookName: undefined, EC2InstanceId: null })],
    ['no source', { ...fixture(25), source: '' }],
    ['no detail type', { ...fixture(25), 'detail-type': null as unknown as string }],
  ])('is malformed, is not retried, and changes nothing: %s', async (_, event) => {
    expect(await handle(event)).toEqual({ outcomes: ['ignored'], failures: [], malformed: [expect.any(String)] });
    expect([await accounts(), await waiting()]).toEqual([[], []]);
  });
});

describe('an event that names its subject in resources only', () => {
  it.each<[string, AnyEvent, AnyEvent]>([
    ['a task', fixture(5), fixture(5, { taskArn: '' })],
    ['a container instance', fixture(15), fixture(15, { containerInstanceArn: null })],
    ['an instance', fixture(19), fixture(19, { 'instance-id': null })],
    ['an instance that a group has launched', fixture(22), fixture(22, { EC2InstanceId: '' })],
    ['an instance that Spot interrupts', fixture(20), fixture(20, { 'instance-id': [] })],
    ['the group of a hook', fixture(24), fixture(24, { AutoScalingGroupName: '' })],
  ])('is parsed the same: %s', async (_, whole, less) => {
    expect(await comesTo(less)).toEqual(await comesTo(whole));
  });
});

describe('an event without a time', () => {
  it('counts as occurred when it was sent to its queue, or else now', async () => {
    world.nowMs = Date.parse(fixture(5).time);
    const timeless: Record<string, unknown> = { ...fixture(5), time: null };
    expect((await handle(JSON.stringify(timeless))).failures).toEqual([]);
    expect(await accounts()).toMatchObject([{ occurredAtMs: world.nowMs }]);
  });
});

describe('a task with an ARN of the short format', () => {
  const taskArn = 'arn:aws:ecs:us-east-1:111122223333:task/c5cba4eb-5dad-405e-96db-71ef8eefe6a8';

  it('is in the cluster that the event names', async () => {
    await handle(fixture(5, { taskArn }));
    expect(await accounts()).toMatchObject([
      { workload: taskArn, identity: { cluster: 'ephemeral-prod', task_arn: taskArn }, handling: { host: INSTANCE } },
    ]);
  });

  it('is found on a container instance whose ARN is short too', async () => {
    const containerInstanceArn =
      'arn:aws:ecs:us-east-1:111122223333:container-instance/c5cba4eb-5dad-405e-96db-71ef8eefe6a8';
    world.ecs.known.set(containerInstanceArn, INSTANCE);
    await handle(fixture(5, { taskArn, containerInstanceArn }));
    expect(world.ecs.calls).toEqual([{ cluster: fixture(5).detail.clusterArn, arns: [containerInstanceArn] }]);
    expect(await accounts()).toMatchObject([{ workload: taskArn, handling: { host: INSTANCE } }]);
  });
});

describe('a finding', () => {
  it.each<[string, unknown]>([
    ['no resource', undefined],
    ['an empty one', {}],
    ['a list', [1]],
    ['an instance that is not an object', { resourceType: 'Instance', instanceDetails: 'i-1' }],
    ['an instance without an id', { resourceType: 'Instance', instanceDetails: {} }],
    ['an instance whose id is a list', { resourceType: 'Instance', instanceDetails: { instanceId: [INSTANCE] } }],
    ['a cluster alone', { resourceType: 'ECSCluster', ecsClusterDetails: {} }],
    ['tasks of another kind', { resourceType: 'ECSCluster', ecsClusterDetails: { taskDetails: [{ arn: 'x' }] } }],
    ['a task with a bare id', { resourceType: 'ECSCluster', ecsClusterDetails: { taskDetails: { arn: 'c5cba4eb' } } }],
    ['nulls', { resourceType: 'EKSCluster', instanceDetails: null, eksClusterDetails: null, kubernetesDetails: null }],
  ])('with %s queues nothing and does not fail', async (_, resource) => {
    const event = aFinding(1, withResource(resource));
    expect(await handle(event, event)).toEqual({ outcomes: ['noted', 'noted'], failures: [], malformed: [] });
    expect([await accounts(), await waiting()]).toEqual([[], []]);
  });
});

describe('any member of any event', () => {
  const HOSTILE: readonly unknown[] = [
    ...[null, true, 0, -1, 1.5, 1e308, 9_007_199_254_740_992, [], {}, [null], [[]], { a: { b: [] } }],
    ...['', ' ', "'); DROP TABLE x; --", 'a\0b', '\ud800', '\u202e', '__proto__', 'constructor'],
    '\u{1F41D}'.repeat(600),
    ...['x'.repeat(5000), 'x'.repeat(500_000), 'STOPPED', INSTANCE, '2026-11-20T10:15:00Z', '%s', '../../etc/passwd'],
  ];
  const places = fixtureNumbers.flatMap((number) => pathsOf(fixture(number)).map((path) => ({ number, path })));

  it('may be absent, null or empty, alone or with another: the event is handled, or ignored with a reason', async () => {
    const lacking = fc.constantFrom<unknown>(undefined, null, '', [], {});
    const hit = fc.tuple(fc.constantFrom(...places), lacking, lacking, fc.nat());
    await fc.assert(
      fc.asyncProperty(fc.array(hit, { minLength: 4, maxLength: 12 }), async (hits) => {
        await inMemory();
        for (const [{ number, path }, value, other, second] of hits) {
          const paths = pathsOf(fixture(number));
          const event = replaced(replaced(fixture(number), path, value), paths[second % paths.length] ?? [], other);
          const { outcomes, failures, malformed } = await handle(JSON.stringify(event));
          expect([number, path, failures]).toEqual([number, path, []]);
          if (malformed.length > 0) expect(outcomes).toEqual(['ignored']);
        }
        await accounts();
      }),
      { numRuns: scaled(30) },
    );
  });

  it('may have any value: the event is handled or malformed, and counts once', async () => {
    const met = { handled: 0, malformed: 0 };
    const both = places.slice(0, 12).map((place): [typeof place, null, null, number] => [place, null, null, 0]);
    const hit = fc.tuple(
      fc.constantFrom(...places),
      fc.constantFrom(...HOSTILE),
      fc.constantFrom(...HOSTILE),
      fc.nat(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(hit, { minLength: 4, maxLength: 12 }), async (hits) => {
        await onTable();
        for (const [{ number, path }, value, other, second] of hits) {
          const paths = pathsOf(fixture(number));
          const once = replaced(fixture(number), path, value);
          const body = JSON.stringify(replaced(once, paths[second % paths.length] ?? [], other));
          const { outcomes, failures, malformed } = await handle(body, body);
          expect([number, path, failures]).toEqual([number, path, []]);
          met.handled += outcomes.length - malformed.length;
          met.malformed += malformed.length;
        }
        await accounts();
      }),
      { numRuns: scaled(8), examples: [[both]] },
    );
    expect(Math.min(met.handled, met.malformed)).toBeGreaterThan(0); // the example meets both
  });
});
