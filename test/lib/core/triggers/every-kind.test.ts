import { beforeEach, describe, expect, it } from '@jest/globals';
import { coverageOf } from '../../../../lib/core/ledger/coverage.ts';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aWorldUnder } from '../../../support/a-request.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { PARTITIONS } from '../../../support/builders.ts';
import { type AnyEvent, fixture, KINDS } from '../../../support/fixtures.ts';
import { MINUTE } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

/* Properties that every kind of event shares. `test/lambdas/bad-input.test.ts` has those that concern the table. */

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ON_INSTANCE = String(fixture(5).detail.containerInstanceArn);
const HOUR = 60 * MINUTE;
const policy: Policy = builtIn.policy;

let world: World;
async function begin(): Promise<void> {
  world = await aWorldUnder(policy);
  world.ecs.known.set(ON_INSTANCE, INSTANCE);
  await world.aNode(INSTANCE);
}
beforeEach(begin);

/** Expects one verdict for each record, now and after the last possible answer, and no negative time. */
async function expectSound(): Promise<void> {
  const { records } = world;
  for (const atMs of [world.nowMs, world.nowMs + 48 * HOUR]) {
    const { all } = await coverageOf(records, atMs);
    expect(Object.values(all.verdicts).reduce((sum, count) => sum + count, 0)).toBe(records.length);
    for (const wait of Object.values(all.timeToAnswerMs ?? {})) expect(wait).toBeGreaterThanOrEqual(0);
  }
}

/** The effects of an event that is delivered twice to a new world. */
async function effectsOf(event: AnyEvent, containerInstance = ON_INSTANCE) {
  await begin();
  world.ecs.known.set(containerInstance, INSTANCE);
  await world.take(event, event);
  await expectSound();
  const workloads = world.records.map(({ workload, identity }) => [workload, identity.cluster ?? null]);
  const queries = (await world.everyQuery()).map(({ host, rule, query, workload }) => [host, rule, query, workload]);
  return { outcomes: world.outcomes(), workloads, queries: queries.map(String).sort() };
}

const nested = (depth: number): unknown => JSON.parse('[{"a":'.repeat(depth) + 1 + '}]'.repeat(depth));

const CHANGES: Readonly<Record<string, (event: AnyEvent) => AnyEvent>> = {
  'no resources': (event) => ({ ...event, resources: [] }),
  'no word of resources': (event) => ({ ...event, resources: undefined }),
  'bare ids for resources': (event) => ({ ...event, resources: [INSTANCE, 'x', '', 7, null, {}] }),
  'another account': (event) => ({ ...event, account: '999999999999' }),
  'an account that is a number': (event) => ({ ...event, account: 111_122_223_333 }),
  'no account and Region': (event) => ({ ...event, account: undefined, region: undefined, version: undefined }),
  'unknown members': (event) => ({ ...event, trace: 'x', detail: { ...event.detail, quantum: [{}] } }),
  'a member nested deep': (event) => ({ ...event, detail: { ...event.detail, deep: nested(1000) } }),
  'a megabyte': (event) => ({ ...event, detail: { ...event.detail, more: '\u{1F41D}'.repeat(250_000) } }),
};

describe.each(KINDS)('event %i, %s', (number) => {
  it('is parsed the same with additional fields', async () => {
    const plain = await effectsOf(fixture(number));
    for (const [name, change] of Object.entries(CHANGES))
      expect([name, await effectsOf(change(fixture(number)))]).toEqual([name, plain]);
  });

  it('is parsed the same in every partition', async () => {
    const plain = JSON.stringify(await effectsOf(fixture(number)));
    for (const [partition, region] of PARTITIONS) {
      const moved = (text: string) =>
        text.replaceAll('arn:aws:', `arn:${partition}:`).replaceAll(':us-east-1:', `:${region}:`);
      const event = JSON.parse(moved(JSON.stringify(fixture(number)))) as AnyEvent;
      expect(await effectsOf(event, moved(ON_INSTANCE))).toEqual(JSON.parse(moved(plain)));
    }
  });

  it.each([-24 * 60, -5, 5, 24 * 60])(
    'by a clock that is %i minutes ahead has one verdict, queries that can be asked, and no negative time',
    async (minutes) => {
      const event = fixture(number);
      world.nowMs = Date.parse(event.time);
      const skewed = { ...event, time: new Date(world.nowMs + minutes * MINUTE).toISOString() };
      await world.take(skewed, skewed);
      await expectSound();
      const queries = await world.everyQuery();
      for (const { expiresAtMs } of queries) expect(expiresAtMs).toBeGreaterThan(world.nowMs);
      const isProvable = queries.some(({ host, evidence, workload }) => host === INSTANCE && evidence && workload);
      const subjects = world.records.flatMap((record) => record.subjects);
      const rows = subjects.map((id) => ({ id, instance_id: id, state: 'running' }));
      for (let poll = 0; poll < 5; poll++) {
        const delivered = await world.poll(INSTANCE);
        await world.answer(
          INSTANCE,
          delivered.map(({ wireId }) => anAnswer(wireId, rows)),
        );
      }
      await expectSound();
      const answered = world.records.map(({ firstAnswerAtMs }) => firstAnswerAtMs);
      expect(answered).toEqual(isProvable ? [world.nowMs] : answered.map(() => undefined));
      if ([5, 19, 20].includes(number)) expect(isProvable).toBe(true);
    },
  );
});
