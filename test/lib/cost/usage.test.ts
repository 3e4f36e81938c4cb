import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Table, withHints } from '../../../lib/aws/table/table.ts';
import type { Policy } from '../../../lib/core/policy/policy.ts';
import type { Answer } from '../../../lib/core/results/answer.ts';
import { billOf, STANDING, totalOf } from '../../../lib/cost/bill.ts';
import prices from '../../../lib/cost/prices.json' with { type: 'json' };
import { EACH, LIFE, type Load, NOTHING, type Operations, unitsOf, usageOf } from '../../../lib/cost/usage.ts';
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { type CountedUnits, countUnits } from '../../support/counted-units.ts';
import { aTable } from '../../support/dynamodb.ts';
import { fixture } from '../../support/fixtures.ts';
import { inForce } from '../../support/plain-policy.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE, SECOND } from '../../support/times.ts';

const LOAD: Load = { hosts: 1000, intervalSeconds: 10, front: 'serverless', startsPerHour: 0, clusters: 1 };
const HOST = 'i-0a1b2c3d4e5f60718';
const CONTAINERS = [
  '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9',
  'c723a4ec70a07b3de6fee444c3e0111c074caf79931a2fc374ec6ab3b4c5376f',
];
/** Fixtures: the container instance is registered, and a task on it lives from PROVISIONING to STOPPED. */
const REGISTERED = 15;
const STARTS = [1, 2, 4, 5];
const ENDS = [6, 7];
/** Fixture: an instance starts. */
const LAUNCHED = 19;
const OTHER = 'i-0feed0face0feed0a';
const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const policy: Policy = JSON.parse(JSON.stringify(builtIn.policy));

describe('what the estimate assumes, counted in the units that the embedded DynamoDB consumes', () => {
  let world: TableWorld;
  let units: CountedUnits;

  /** Sends an event as it is, at whatever time it is. */
  const again = async (number: number): Promise<void> => {
    expect(await world.send(fixture(number))).toEqual([]);
  };
  const isWithinATenth = (done: Partial<Operations>): void => {
    const { reads, writes } = units.counted();
    const estimate = unitsOf({ ...NOTHING, ...done });
    expect({ reads: Math.abs(reads - estimate.readUnits) <= estimate.readUnits / 10, counted: reads }).toEqual({
      reads: true,
      counted: reads,
    });
    expect({ writes: Math.abs(writes - estimate.writeUnits) <= estimate.writeUnits / 10, counted: writes }).toEqual({
      writes: true,
      counted: writes,
    });
  };
  const happen = async (...numbers: readonly number[]): Promise<void> => {
    for (const number of numbers) {
      const event = fixture(number);
      world.nowMs = Date.parse(event.time);
      expect(await world.send(event)).toEqual([]);
    }
  };
  const answerOf = (wireId: string): Answer => ({
    wireId,
    status: 0,
    message: '',
    rows: CONTAINERS.map((id) => ({ id })),
  });

  const begin = async (table: Table): Promise<void> => {
    world = new TableWorld(table);
    world.policy = inForce(policy);
    world.nowMs = Date.parse(fixture(REGISTERED).time);
    await world.aNode(HOST);
    await happen(REGISTERED);
    await world.ports.registry.recordDockerAccess(HOST, world.nowMs); // once in the life of a host
    units = countUnits(world.table);
  };
  beforeEach(async () => begin(await aTable()));

  it('is one eventually consistent read for a poll', async () => {
    await world.poll(HOST);
    expect(units.counted()).toEqual({ reads: EACH.poll.readUnits, writes: 0 });
  });

  const live = async (): Promise<void> => {
    await happen(...STARTS);
    world.nowMs += 5 * SECOND;
    const offered = await world.poll(HOST);
    expect(offered).toHaveLength(LIFE.queries);
    expect(
      await world.answer(
        HOST,
        offered.map(({ wireId }) => answerOf(wireId)),
      ),
    ).toBe(true);
    await happen(...ENDS);
    expect(await world.ports.ledger.recordVerdict(TASK, { verdict: 'post-mortem' })).toBe(true);
  };
  const ONE_LIFE = { poll: 1, taskEvent: LIFE.taskEvents, ask: 1, delivery: 1, sighting: 1, verdict: 1 };

  it('is within a tenth for the life of a task', async () => {
    await live();
    isWithinATenth(ONE_LIFE);
    expect(STARTS.length + ENDS.length).toBe(LIFE.taskEvents);
  });

  it('is within a tenth for its life where queueing also writes a hint, for the long-poll front', async () => {
    await begin(withHints(await aTable(), () => world.nowMs));
    await live();
    isWithinATenth({ ...ONE_LIFE, hint: 1 });
  });

  it('is one read for an event about a task that is repeated or late', async () => {
    await happen(...STARTS);
    units.counted();
    await again(5);
    await again(1);
    isWithinATenth({ staleEvent: 2 });
  });

  it('is nothing for an event about a container instance that its environment knows', async () => {
    await again(REGISTERED);
    isWithinATenth({});
    world.coldStart();
    await again(REGISTERED);
    isWithinATenth({ learning: 1 });
  });

  it('is within a tenth for an instance that starts, enrolls and answers its first queries', async () => {
    const started = JSON.parse(JSON.stringify(fixture(LAUNCHED)).replaceAll(HOST, OTHER));
    world.nowMs = Date.parse(started.time);
    expect(await world.send(started)).toEqual([]);
    await world.enroll(OTHER);
    let delivery = 0;
    for (;;) {
      world.nowMs += 5 * SECOND;
      const offered = await world.poll(OTHER);
      if (offered.length === 0) break;
      delivery += 1;
      const rows = [{ instance_id: OTHER }];
      await world.answer(
        OTHER,
        offered.map(({ wireId }) => ({ wireId, status: 0, message: '', rows })),
      );
    }
    isWithinATenth({ poll: delivery + 1, launch: 1, enrollment: 1, delivery });
  });

  it('is no more for the record that a host is alive', async () => {
    world.nowMs += 5 * MINUTE;
    const { registry, directory } = world.ports;
    await registry.recordPoll(HOST, world.nowMs);
    await directory.recordConfigHash(HOST, 'abc');
    expect(units.counted().writes).toBeLessThanOrEqual(EACH.presence.writeUnits);
  });
});

describe('the estimate', () => {
  const bill = (load: Partial<Load>) => billOf(usageOf({ ...LOAD, ...load }), prices);
  const dollars = (load: Partial<Load>, service: string) =>
    totalOf(bill(load).filter((line) => line.service === service));

  it('bills each poll of the serverless front at the gateway, at falling prices', () => {
    const polls = (1000 * 730 * 3600) / 10.08 / 1e6;
    const rest = (1000 * 730 * (12 + 1)) / 1e6; // configurations and logs
    expect(dollars({}, 'API Gateway')).toBeCloseTo((polls + rest) * 3.5, 1);
    expect(dollars({ hosts: 10_000 }, 'API Gateway')).toBeLessThan(10 * dollars({}, 'API Gateway'));
  });

  it('bills the long-poll front by the hour, and a read a minute for each host', () => {
    expect(dollars({ front: 'service' }, 'API Gateway')).toBe(0);
    expect(dollars({ front: 'service' }, 'Fargate')).toBeGreaterThan(20);
    expect(totalOf(bill({ front: 'service' }))).toBeLessThan(totalOf(bill({})) / 5);
  });

  it('grows with the lives of tasks, and not with polls, where tasks start', () => {
    const [quiet, busy] = [bill({}), bill({ startsPerHour: 20 })];
    expect(totalOf(busy)).toBeGreaterThan(totalOf(quiet));
    expect(dollars({ startsPerHour: 20 }, 'DynamoDB')).toBeGreaterThan(5 * dollars({}, 'DynamoDB'));
  });

  it('bills an idle stack for what it has', () => {
    const idle = totalOf(bill({ hosts: 0 }));
    expect(idle).toBeGreaterThan(STANDING.alarmMetrics * prices.cloudwatch.perAlarmMetric);
    const printed = (page: string) =>
      /idle stack costs (?:about )?\$([\d.]+) a month/.exec(readFileSync(page, 'utf8'))?.[1];
    expect([printed('README.md'), printed('docs/cost.md')]).toEqual([idle.toFixed(2), idle.toFixed(2)]);
  });

  it('bills 1,000 hosts without task starts as the README says', () => {
    const [, held, polled] =
      /1,000 hosts cost \$([\d,]+) behind the long-poll front.* and \$([\d,]+)\s+if each polls/.exec(
        readFileSync('README.md', 'utf8'),
      ) ?? [];
    const total = (front: 'serverless' | 'service') =>
      Math.round(totalOf(bill({ hosts: 1000, intervalSeconds: 10, startsPerHour: 0, front }))).toLocaleString('en-US');
    expect([held, polled]).toEqual([total('service'), total('serverless')]);
  });
});
