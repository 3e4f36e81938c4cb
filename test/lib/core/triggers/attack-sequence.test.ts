import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import { handleEvent } from '../../../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aSequence } from '../../../support/a-finding.ts';
import { answerAll, aWorldUnder } from '../../../support/a-request.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const ON_ECS = 'i-0a1b2c3d4e5f60718';
const ON_EKS = 'i-0b9c8d7e6f5a41230';
const TASK = String(fixture(5).detail.taskArn);
const HOUR = 60 * MINUTE;
const policy: Policy = builtIn.policy;
/** The queries of `guardduty-host`; no other rule matches a sequence. */
const QUERIES = ['connections', 'persistence', 'unusual-processes'];

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(policy);
});

const arrives = async (event: AnyEvent) => await world.take(event);
const asked = async (host: string) => (await world.waiting(host)).map(({ query }) => query);
const homeless = () =>
  world.reports.flatMap(({ event, fields }) => (event === 'rule_without_host' ? [fields.why] : []));

describe('an attack sequence', () => {
  const resources = [
    { uid: ON_ECS, resourceType: 'EC2_INSTANCE' },
    { uid: `arn:aws:ec2:us-east-1:111122223333:instance/${ON_EKS}`, resourceType: 'EC2_INSTANCE' },
    { uid: TASK, resourceType: 'ECS_TASK' },
    { uid: 'arn:aws:s3:::bucket', resourceType: 'S3_BUCKET' },
  ];

  it('queries each of its hosts once: those of its instances and of its tasks', async () => {
    await world.aNode(ON_ECS);
    await world.aNode(ON_EKS);
    await world.take(fixture(15), fixture(5));
    await answerAll(world, ON_ECS);
    await arrives(aSequence(1, resources));
    expect([await asked(ON_ECS), await asked(ON_EKS)]).toEqual([QUERIES, QUERIES]);
    expect(homeless()).toEqual([]);
  });

  it('queries the known hosts, and the others once they are known, each once', async () => {
    await world.aNode(ON_ECS);
    await arrives(aSequence(1, resources));
    expect(await answerAll(world, ON_ECS)).toHaveLength(3);
    expect(homeless()).toEqual([
      `${ON_EKS} of account 111122223333: the host is unknown here`,
      `${TASK} of account 111122223333: unknown here`,
    ]);
    world.nowMs += 6 * HOUR;
    await world.aNode(ON_EKS, { agentInstance: 'b' });
    await world.take(fixture(15), fixture(5)); // the task runs on the queried host
    await answerAll(world, ON_ECS);
    await arrives(aSequence(2, resources));
    expect([await asked(ON_ECS), await asked(ON_EKS)]).toEqual([[], QUERIES]);
    await answerAll(world, ON_EKS);
    world.nowMs += 6 * HOUR;
    await arrives(aSequence(3, resources));
    expect(await world.everyQuery()).toHaveLength(0);
  });

  it('reaches at most as many hosts as one trigger may, and reports that', async () => {
    world.policy = inForce({ ...policy, limits: { ...policy.limits, hostsPerTrigger: 2 } });
    const many = Array.from({ length: 5 }, (_, n) => ({ uid: `i-${n}`, resourceType: 'EC2_INSTANCE' }));
    for (const { uid } of many) await world.aNode(uid);
    await arrives(aSequence(1, many));
    expect(await world.everyQuery()).toHaveLength(2 * QUERIES.length);
    expect(world.reports.filter(({ event }) => event === 'fan_out_limited')).toMatchObject([
      { fields: { rule: 'guardduty-host', hosts: 2 } },
    ]);
  });

  it('queries each host once, wherever the function crashes', async () => {
    for (let at = 1; ; at++) {
      world = await aWorldUnder(policy);
      await world.aNode(ON_ECS);
      await world.aNode(ON_EKS);
      const mortal = new Mortal(at, 'after');
      const deps = world.taskDeps(mortal.ports(world.ports));
      await untilDeath(() => handleEvent(parseEvent(aSequence(1, resources)), deps));
      await arrives(aSequence(2, resources));
      expect([at, await asked(ON_ECS), await asked(ON_EKS)]).toEqual([at, QUERIES, QUERIES]);
      if (!mortal.died) break;
    }
  });
});
