import type { ECSClient } from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { metered } from '../../../../lib/aws/calls/metered.ts';
import { EcsTaskDefinitions } from '../../../../lib/aws/inventory/task-definitions.ts';
import type { Table } from '../../../../lib/aws/table/table.ts';
import { Spend } from '../../../../lib/core/reconcile/spend.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { ecsClient } from '../../../support/ecs-client.ts';
import { FakeEcs } from '../../../support/fake-ecs.ts';
import { everything } from '../../../support/scan.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const REVISION = 'arn:aws:ecs:us-east-1:111122223333:task-definition/api:87';

let table: Table;
let ecs: FakeEcs;
let client: ECSClient;
let nowMs: number;
let reports: [string, Readonly<Record<string, unknown>>][];
beforeEach(async () => {
  table = await aTable();
  ecs = new FakeEcs();
  client = ecsClient(ecs);
  ecs.definitions.set(REVISION, { api: true, envoy: true, logs: false });
  nowMs = T0;
  reports = [];
});

/** The task definitions of one running function. */
const aFunction = () =>
  new EcsTaskDefinitions(table, {
    now: () => nowMs,
    report: (event, fields) => reports.push([event, fields]),
    client,
  });

describe('the essential containers of a task definition', () => {
  it('are those not marked otherwise', async () => {
    expect(await aFunction().essentialContainers(REVISION)).toEqual(new Set(['api', 'envoy']));
  });

  it('cost one call per revision, for all functions, without expiry', async () => {
    const one = aFunction();
    const asked = Array.from({ length: 5 }, () => one.essentialContainers(REVISION));
    for (const answer of asked) expect(await answer).toEqual(new Set(['api', 'envoy']));
    nowMs += 60 * 24 * 60 * MINUTE;
    expect(await one.essentialContainers(REVISION)).toEqual(new Set(['api', 'envoy']));
    expect(await aFunction().essentialContainers(REVISION)).toEqual(new Set(['api', 'envoy']));
    expect(ecs.described).toEqual([REVISION]);
    expect(await everything(table)).toEqual([
      {
        pk: `TASKDEF#${REVISION}`,
        sk: '#essential',
        containers: ['api', 'envoy'],
        expiresAt: T0 / 1000 + 90 * 24 * 3600,
      },
    ]);
  });

  it('are known to a function that ECS refuses, once another one stored them', async () => {
    await aFunction().essentialContainers(REVISION);
    ecs.throttle();
    expect(await aFunction().essentialContainers(REVISION)).toEqual(new Set(['api', 'envoy']));
    expect(reports).toEqual([]);
  });

  it.each(['ThrottlingException', 'AccessDeniedException', 'ClientException', 'ServerException'])(
    'are unknown after %s, which is logged once, and requested again in a minute',
    async (name) => {
      ecs.fail(name);
      const one = aFunction();
      for (const wait of [0, 59 * SECOND, SECOND, MINUTE]) {
        nowMs += wait;
        expect(await one.essentialContainers(REVISION)).toBeUndefined();
      }
      expect(ecs.described).toHaveLength(3);
      expect(reports).toEqual([
        ['task_definition_unknown', { taskDefinition: REVISION, error: expect.stringContaining(name) }],
      ]);
      ecs.failure = undefined;
      nowMs += MINUTE;
      expect(await one.essentialContainers(REVISION)).toEqual(new Set(['api', 'envoy']));
    },
  );

  it('are unknown if a definition has none', async () => {
    ecs.definitions.set(REVISION, { logs: false });
    expect(await aFunction().essentialContainers(REVISION)).toBeUndefined();
    expect(reports).toMatchObject([
      ['task_definition_unknown', { error: expect.stringContaining('Error: it has no essential container') }],
    ]);
  });

  it('are requested within a counted share of calls, and not after a refusal', async () => {
    const spend = new Spend(
      () => nowMs,
      async () => {},
    );
    const report = (event: string, fields: Readonly<Record<string, unknown>>) => reports.push([event, fields]);
    const now = () => nowMs;
    const metering = new EcsTaskDefinitions(table, { now, report, client, call: metered(spend, 'definitions') });
    const revisions = Array.from({ length: 60 }, (_, n) => REVISION.replace(/87$/, String(n)));
    for (const arn of revisions) ecs.definitions.set(arn, { api: true, logs: false });
    const sweep = async (): Promise<number> => {
      spend.begin(nowMs + 45 * SECOND);
      const answers = await Promise.all(revisions.map((arn) => metering.essentialContainers(arn)));
      return answers.filter((names) => names !== undefined).length;
    };

    ecs.throttle();
    expect(await sweep()).toBe(0);
    expect(ecs.described.length).toBeLessThanOrEqual(10); // calls under way at the same time
    expect(spend.calls).toEqual({ DescribeTaskDefinition: ecs.described.length });
    expect([spend.throttled, spend.sharedCalls]).toEqual([true, ecs.described.length]);
    ecs.failure = undefined;
    for (const known of [10, 20, 30]) {
      nowMs += MINUTE;
      expect(await sweep()).toBe(known);
    }
    expect(reports).toEqual([]);
  });

  it.each([
    '',
    'api',
    'api:87',
    'arn:aws:ecs:us-east-1:111122223333:task-definition/api',
    `arn:aws:ecs:us-east-1:111122223333:task-definition/${'a'.repeat(3000)}:1`,
    "arn:aws:ecs:us-east-1:111122223333:task-definition/it's:1",
  ])('are not requested if %j names no revision', async (arn) => {
    expect(await aFunction().essentialContainers(arn)).toBeUndefined();
    expect([ecs.described, reports]).toEqual([[], []]);
  });

  it.each(['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b', 'aws-eusc'])('are found in %s', async (partition) => {
    const arn = `arn:${partition}:ecs:some-region-1:111122223333:task-definition/api:1`;
    ecs.definitions.set(arn, { api: true });
    expect(await aFunction().essentialContainers(arn)).toEqual(new Set(['api']));
  });

  it('throw while the table fails, and the failure is not cached', async () => {
    const { name } = table;
    table = { ...table, name: 'elsewhere' };
    const one = aFunction();
    await expect(one.essentialContainers(REVISION)).rejects.toThrow();
    await expect(one.essentialContainers(REVISION)).rejects.toThrow();
    expect(ecs.described).toEqual([]);
    table = { ...table, name };
    expect(await aFunction().essentialContainers(REVISION)).toEqual(new Set(['api', 'envoy']));
  });
});
