import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aFinding, aTaskResource, withResource, withService } from '../../../support/a-finding.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { answerAll, aRequest, aWorldUnder } from '../../../support/a-request.ts';
import { aPolicyOf, aRule } from '../../../support/a-rule.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const ON_ECS = 'i-0a1b2c3d4e5f60718';
const ON_EKS = 'i-0b9c8d7e6f5a41230';
const TASK = String(fixture(5).detail.taskArn);
const HOUR = 60 * MINUTE;
const policy: Policy = builtIn.policy;

const HOST_RULE = ['connections', 'persistence', 'unusual-processes'].map((query) => `guardduty-host ${query}`);
const PROCESS_RULE = ['binary', 'open-files', 'process'].map((query) => `guardduty-process ${query}`);
const CONTAINER_RULE = ['container', 'mounts', 'processes'].map((query) => `guardduty-container ${query}`);

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(policy);
});

const arrives = async (...events: AnyEvent[]) => {
  for (const event of events) await world.take(event);
};
const names = async (host: string) => (await world.waiting(host)).map(({ rule, query }) => `${rule} ${query}`).sort();
const homeless = () =>
  world.reports.filter(({ event }) => event === 'rule_without_host').map(({ fields }) => [fields.rule, fields.why]);
const anInstance = (change: object = {}) =>
  world.ports.ledger.advance(
    aSnapshot(1, { workload: ON_ECS, kind: 'ec2-instance', subjects: [ON_ECS], versionStep: 1, ...change }),
  );
/** Every pending query of every host. */
const total = async () => (await world.everyQuery()).length;

describe('a GuardDuty finding', () => {
  it('on an instance (25) queries its agent, under its enrolled name, and accelerates it', async () => {
    await world.aNode('web-01');
    await world.ports.aliases.learn(ON_ECS, 'web-01', T0);
    await arrives(fixture(25));
    expect(await names('web-01')).toEqual(HOST_RULE);
    expect(await names(ON_ECS)).toEqual([]);
    expect((await world.ports.registry.find('web-01', true))?.hotUntilMs).toBe(T0 + 15 * MINUTE);
  });

  it('of Runtime Monitoring (26) queries the process and the container it names', async () => {
    await world.aNode(ON_EKS);
    await arrives(fixture(26));
    expect(await names(ON_EKS)).toEqual([...CONTAINER_RULE, ...HOST_RULE, ...PROCESS_RULE]);
    const sql = new Map((await world.waiting(ON_EKS)).map((query) => [`${query.rule} ${query.query}`, query.sql]));
    expect(sql.get('guardduty-process process')).toMatch(
      /strftime\('%s', '2026-11-20T15:08:02.000Z'\).*WHERE pid = 41277 LIMIT 1$/,
    );
    expect(sql.get('guardduty-container container')).toMatch(/WHERE id IN \('6ac2af63\w+'\) LIMIT 500$/);
    expect(sql.get('guardduty-container processes')).toMatch(/LIKE '%' \|\| '6ac2af63\w+' \|\| '%' LIMIT 1000$/);
    expect(world.reports.filter(({ event }) => event === 'query_refused')).toEqual([]);
  });

  it('on a task queries its host from the ledger about the containers it names', async () => {
    await world.aNode(ON_ECS);
    await world.take(fixture(15), fixture(5));
    await answerAll(world, ON_ECS);
    await arrives(aFinding(1, withResource(aTaskResource(TASK, [dockerId(1), dockerId(2), null]))));
    expect(await names(ON_ECS)).toEqual([...CONTAINER_RULE, ...HOST_RULE]);
    const container = (await world.waiting(ON_ECS)).find(({ query }) => query === 'container');
    expect(container?.sql).toContain(`IN ('${dockerId(1)}', '${dockerId(2)}')`);
  });

  it('queues for an instance without an agent, if the ledger knows that it runs', async () => {
    await anInstance();
    await arrives(fixture(25));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });

  it('queues for a host whose queue is full', async () => {
    await world.aNode(ON_ECS);
    world.policy = inForce({ ...policy, limits: { ...policy.limits, pendingPerHost: 1 } });
    await world.take(fixture(19));
    expect(await names(ON_ECS)).toHaveLength(1);
    await arrives(aFinding(1));
    expect(await names(ON_ECS)).toEqual(expect.arrayContaining(HOST_RULE));
  });

  it('repeats the queries of another recent finding: each has its own rows', async () => {
    await world.aNode(ON_ECS);
    await arrives(aFinding(1));
    world.nowMs += 1000;
    await arrives(aFinding(1, (detail) => ({ ...detail, id: 'another' })));
    await answerAll(world, ON_ECS);
    const reasons = new Set(world.sink.stored.map(({ decorations }) => decorations.finding_id));
    expect([...reasons].sort()).toEqual(['041b66e31d817aa2d23193884db08747', 'another']);
    expect(world.reports.filter(({ event }) => event === 'query_dropped')).toEqual([]);
  });

  it('is named in every row', async () => {
    await world.aNode(ON_ECS);
    await arrives(fixture(25));
    const { pending } = await world.ports.queue.read(ON_ECS, true);
    expect(pending[0]?.decorations).toEqual({
      event_id: fixture(25).id,
      finding_id: '041b66e31d817aa2d23193884db08747',
      finding_type: 'CryptoCurrency:EC2/BitcoinTool.B!DNS',
    });
  });

  it('is queried at the next poll, before other pending queries', async () => {
    await world.aNode(ON_ECS);
    await world.take(fixture(19));
    await arrives(fixture(25));
    const delivered = await world.poll(ON_ECS);
    // Queries with evidence have separate room.
    expect(delivered.map(({ rule }) => rule)).toEqual([...Array(3).fill('guardduty-host'), 'ec2-launched']);
  });

  it.each<[string, AnyEvent]>([
    ['of low severity', aFinding(1, (detail) => ({ ...detail, severity: 3.9 }))],
    ['whose severity is not a number', aFinding(1, (detail) => ({ ...detail, severity: '8' }))],
    ['that is archived', aFinding(1, withService({ archived: true }))],
    ['on a bucket', aFinding(1, withResource({ resourceType: 'S3Bucket' }))],
    ['on an unknown kind of resource', aFinding(1, withResource({ resourceType: 'QuantumBucket' }))],
    ['on an empty resource', aFinding(1, withResource({}))],
    ['without a resource', aFinding(1, withResource(null))],
    ['without detail', { ...aFinding(1), detail: null as never }],
  ])('%s queues nothing and does not fail', async (_, event) => {
    await world.aNode(ON_ECS);
    await arrives(event);
    expect(await total()).toBe(0);
    expect(world.outcomes()).toEqual(['noted']);
    expect(homeless()).toEqual([]);
  });

  it('without an archived flag counts as not archived', async () => {
    await world.aNode(ON_ECS);
    await arrives(aFinding(1, withService({ archived: undefined })));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });

  it('of a process without a start time is queried anyway', async () => {
    await world.aNode(ON_ECS);
    await arrives(aFinding(1, withService({ runtimeDetails: { process: { pid: 7 } } })));
    expect(await names(ON_ECS)).toEqual([...HOST_RULE, ...PROCESS_RULE]);
  });
});

describe('a finding without a known host', () => {
  const pod = aFinding(
    1,
    (detail) => ({ ...detail, resource: { ...(detail.resource as object), instanceDetails: null } }),
    26,
  );
  const onTask = (arn: string) => aFinding(1, withResource(aTaskResource(arn)));

  it.each<[string, AnyEvent, string]>([
    ['names only a pod', pod, 'the finding names no EC2 instance and no ECS task'],
    [
      'names an instance that no event reported',
      aFinding(1),
      `${ON_ECS} of account 111122223333: the host is unknown here`,
    ],
    ['names a task that no event reported', onTask(taskArn(7)), `${taskArn(7)} of account 111122223333: unknown here`],
    [
      'arrived through an administrator account',
      { ...aFinding(1, (detail) => ({ ...detail, accountId: '444455556666' })), account: '111122223333' },
      `${ON_ECS} of account 444455556666: the host is unknown here`,
    ],
    [
      'names no account',
      aFinding(1, (detail) => ({ ...detail, accountId: undefined })),
      `${ON_ECS}: the host is unknown here`,
    ],
  ])('is reported, with the reason: it %s', async (_, event, why) => {
    await arrives(event);
    expect(await total()).toBe(0);
    expect(world.outcomes()).toEqual(['noted']);
    expect(homeless()).toContainEqual(['guardduty-host', why]);
  });

  it('is reported if the task ran on Fargate', async () => {
    await world.take(fixture(11));
    const arn = String(fixture(11).detail.taskArn);
    await arrives(onTask(arn));
    expect(homeless()).toEqual([['guardduty-host', `${arn} of account 111122223333: the host of the task is unknown`]]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['whose node has ended', () => world.aNode(ON_ECS).then(() => world.ports.registry.end(ON_ECS, T0))],
    ['that the ledger says has stopped', () => anInstance({ stopped: true })],
  ])('is reported if its host %s', async (_, gone) => {
    await gone();
    await arrives(aFinding(1));
    expect(await total()).toBe(0);
    expect(homeless()).toEqual([['guardduty-host', `${ON_ECS} of account 111122223333: the host is gone`]]);
  });

  it('is queried once, when it is published again and the host is known by then', async () => {
    await arrives(aFinding(1), aFinding(2));
    expect(await total()).toBe(0);
    await world.aNode(ON_ECS);
    await arrives(aFinding(3));
    expect(await answerAll(world, ON_ECS)).toHaveLength(3);
    world.nowMs += HOUR;
    await arrives(aFinding(4));
    expect(await total()).toBe(0);
  });
});

describe('a finding that is published again', () => {
  beforeEach(async () => {
    await world.aNode(ON_ECS);
    await arrives(aFinding(0));
    expect(await answerAll(world, ON_ECS)).toHaveLength(3);
  });

  it('queues nothing for 90 days, for any number of copies from any account', async () => {
    for (let day = 0; day < 89; day += 8) {
      world.nowMs = T0 + day * 24 * HOUR;
      world.coldStart();
      await arrives(aFinding(4 * day), { ...aFinding(4 * day), account: '999999999999' });
    }
    expect(await total()).toBe(0);
    world.nowMs = T0 + 90 * 24 * HOUR + 1000;
    await anInstance();
    await arrives(aFinding(360));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });

  it('queues again when its content changes, once', async () => {
    world.nowMs += HOUR;
    const worse = (n: number) => aFinding(n, (detail) => ({ ...detail, severity: 8.5 }));
    await arrives(worse(1), worse(2));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });

  it('is a different one with another id', async () => {
    world.nowMs += HOUR;
    await arrives(aFinding(1, (detail) => ({ ...detail, id: 'another' })));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });

  it('queues nothing for other targets either', async () => {
    const on = { event: { source: ['aws.guardduty'], 'detail-type': ['GuardDuty Finding'] } };
    world.policy = inForce(aPolicyOf([aRule('old', on, { target: 'ec2-instance' })]));
    await arrives(aFinding(1));
    expect(await answerAll(world, ON_ECS)).toHaveLength(1);
    world.nowMs += 25 * HOUR;
    await arrives(aFinding(2));
    expect(await total()).toBe(0);
  });

  it('queues nothing while its queries are pending', async () => {
    await arrives(aFinding(1, (detail) => ({ ...detail, severity: 8.5 })));
    world.nowMs += 15 * MINUTE;
    await arrives(aFinding(2, (detail) => ({ ...detail, severity: 8.5 })));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });

  it('queues again if its queries expired and the host answered none of them', async () => {
    const worse = (n: number) => aFinding(n, (detail) => ({ ...detail, severity: 8.5 }));
    await arrives(worse(1));
    world.nowMs += 45 * MINUTE; // the host was away
    expect(await answerAll(world, ON_ECS)).toEqual([]);
    world.nowMs += 15 * MINUTE;
    await arrives(worse(2));
    expect(await answerAll(world, ON_ECS)).toHaveLength(3);
    world.nowMs += 6 * HOUR;
    await arrives(worse(3));
    expect(await total()).toBe(0);
  });

  it('cannot be suppressed by a request with its key', async () => {
    world.policy = inForce(policy);
    await arrives(aRequest('x', { idempotencyKey: 'finding y' }));
    world.nowMs += HOUR;
    await arrives(aFinding(1, (detail) => ({ ...detail, id: 'y', idempotencyKey: 'z' })));
    expect(await names(ON_ECS)).toEqual(HOST_RULE);
  });
});
