import { beforeEach, describe, expect, it } from '@jest/globals';
import { mttaOf } from '../../../../lib/core/ledger/mtta.ts';
import type { Profile } from '../../../../lib/core/policy/policy.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { fixture } from '../../../support/fixtures.ts';
import { inForce, plainPolicy } from '../../../support/plain-policy.ts';
import { MINUTE, SECOND } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const HOST = 'i-0a1b2c3d4e5f60718';
const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const ENVOY = '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9';
const API = 'c723a4ec70a07b3de6fee444c3e0111c074caf79931a2fc374ec6ab3b4c5376f';
const RUNNING_AT = Date.parse('2026-11-20T10:15:27Z'); // fixture 5
const STOPPED_AT = Date.parse('2026-11-20T10:42:29Z'); // fixture 7

let world: World;
beforeEach(async () => {
  world = await World.begin();
  world.nowMs = RUNNING_AT - 24 * 60 * MINUTE;
  await world.take(fixture(15));
});

const every = (distributed_interval: number): Profile[] => [
  { name: 'default', config: { options: { distributed_interval } } },
];
/** Handles the event about the task's start, or about its end, a second after it happened. */
const start = () => takeEvent(5, RUNNING_AT);
const end = () => takeEvent(7, STOPPED_AT);
async function takeEvent(number: number, atMs: number): Promise<void> {
  world.nowMs = atMs + SECOND;
  await world.take(fixture(number));
}
/** Lets the host's agent take its queries at one time, and answer about these containers. */
async function answers(atMs: number, ...ids: string[]): Promise<void> {
  world.nowMs = atMs;
  const taken = await world.poll(HOST);
  world.nowMs += 300;
  const rows = ids.map((id) => ({ id, state: 'running' }));
  await world.answer(
    HOST,
    taken.map(({ wireId, evidence }) => anAnswer(wireId, evidence ? rows : [])),
  );
}
const reported = (event: string) => world.reports.filter((one) => one.event === event).map(({ fields }) => fields);
/** What `mayfly mtta` would print now. */
const measured = async (profiles = plainPolicy.profiles) =>
  mttaOf([await world.record(TASK)], profiles, [], {
    sweepEveryMs: MINUTE,
    heldEverySeconds: world.heldEverySeconds,
  });

/** Checks that command and metrics agree on the clocks of the task's first answer, and on whether it was late. */
async function bothSay(): Promise<{ tookMs: number; lateMs: number }> {
  const { late, stages } = await measured();
  const [first] = reported('answer_timed');
  for (const [stage, waits] of Object.entries(stages)) expect([stage, waits?.max]).toEqual([stage, first?.[stage]]);
  const breaches = reported('mtta_breached');
  expect(breaches.map(({ timeToAnswerMs, lateMs }) => [timeToAnswerMs, lateMs])).toEqual(
    late.map(({ timeToAnswerMs, lateByMs }) => [timeToAnswerMs, lateByMs]),
  );
  return { tookMs: Number(first?.timeToAnswerMs), lateMs: late[0]?.lateByMs ?? 0 };
}

describe('the first answer about a task', () => {
  it('counts from the first query about it, even if a later one is answered', async () => {
    await world.aNode(HOST);
    await start();
    await end();
    await answers(STOPPED_AT + 4 * SECOND, API, ENVOY);
    expect(reported('answer_timed')).toMatchObject([{ set: 'post-mortem', receivedToQueuedMs: 0 }]);
    const { tookMs, lateMs } = await bothSay();
    expect(tookMs).toBe(STOPPED_AT - RUNNING_AT + 4300);
    expect(lateMs).toBeGreaterThan(25 * MINUTE);
  });

  it('is compared with the bound once; later answers are timed from their own event', async () => {
    await world.aNode(HOST);
    await start();
    await answers(RUNNING_AT + MINUTE, ENVOY);
    expect(reported('mtta_breached')).toHaveLength(1);
    await end();
    await answers(STOPPED_AT + MINUTE, API);
    expect(reported('answer_timed')).toMatchObject([{ timeToAnswerMs: 60_300 }, { timeToAnswerMs: 60_300 }]);
    expect((await bothSay()).tookMs).toBe(60_300);
  });

  it('has a bound if an agent was enrolled when it was queued, even if it has enrolled again since', async () => {
    await world.aNode(HOST);
    await start();
    world.nowMs = RUNNING_AT + 6 * MINUTE;
    await world.aNode(HOST, { agentInstance: 'reinstalled' });
    await answers(RUNNING_AT + 6 * MINUTE + SECOND, API);
    const { tookMs, lateMs } = await bothSay();
    expect([tookMs, lateMs > 5 * MINUTE]).toEqual([6 * MINUTE + 1300, true]);
  });

  it('counts from the enrollment if no agent was enrolled, even if later events find one', async () => {
    await start();
    world.nowMs = RUNNING_AT + 20 * MINUTE;
    await world.aNode(HOST);
    await end();
    expect((await world.record(TASK)).handling).toMatchObject({ enrolled: true });
    await answers(STOPPED_AT + 4 * SECOND, API);
    expect((await bothSay()).lateMs).toBeGreaterThan(6 * MINUTE);
  });

  it('is in time shortly after the first enrollment', async () => {
    await start();
    world.nowMs = RUNNING_AT + 2 * MINUTE;
    await world.aNode(HOST);
    await answers(RUNNING_AT + 2 * MINUTE + 4 * SECOND, API);
    expect(await bothSay()).toEqual({ tookMs: 2 * MINUTE + 4300, lateMs: 0 });
    await end();
    expect((await measured()).late).toEqual([]);
  });

  it('counts from the enrollment that took a query, not from a later one', async () => {
    await start();
    world.nowMs = RUNNING_AT + MINUTE;
    await world.aNode(HOST);
    await world.poll(HOST);
    world.nowMs = RUNNING_AT + 8 * MINUTE;
    await world.aNode(HOST, { agentInstance: 'reinstalled' });
    await answers(RUNNING_AT + 8 * MINUTE + SECOND, API);
    expect((await bothSay()).lateMs).toBeGreaterThan(6 * MINUTE);
  });

  it('is measured from the delivery that was answered, if there were two', async () => {
    await world.aNode(HOST);
    await start();
    world.nowMs = RUNNING_AT + 3 * SECOND;
    await world.poll(HOST);
    await answers(RUNNING_AT + 40 * SECOND, API);
    expect(reported('answer_timed')).toMatchObject([{ queuedToDeliveredMs: 39_000, deliveredToAnsweredMs: 300 }]);
    await bothSay();
    expect(await world.record(TASK)).toMatchObject({
      deliveredAtMs: RUNNING_AT + 3 * SECOND,
      firstAnswerFrom: { deliveredAtMs: RUNNING_AT + 40 * SECOND },
    });
  });

  it('is compared with the bound of held reads behind the long-poll front, and is late after seven seconds', async () => {
    world.heldEverySeconds = 1;
    world.coldStart();
    await world.aNode(HOST);
    await start();
    await answers(RUNNING_AT + 7 * SECOND, API);
    expect((await bothSay()).lateMs).toBe(0);
    expect((await measured()).classes).toMatchObject([{ intervalSeconds: 1, isHeld: true, answers: 1 }]);
  });

  it('is late behind the long-poll front where a poll would be in time', async () => {
    world.heldEverySeconds = 1;
    world.coldStart();
    await world.aNode(HOST);
    await start();
    world.heldEverySeconds = undefined; // a later change of the front does not change the bound of the query
    await answers(RUNNING_AT + 12 * SECOND, API);
    expect((await bothSay()).lateMs).toBe(12_300 - 7_790);
  });

  it('is compared with the bound of the policy under which it was queued', async () => {
    world.policy = inForce({ ...plainPolicy, profiles: every(60) });
    await world.aNode(HOST);
    await start();
    world.policy = inForce({ ...plainPolicy, profiles: every(10) });
    await answers(RUNNING_AT + 50 * SECOND, API);
    expect((await bothSay()).lateMs).toBe(0);
    expect((await measured(every(10))).classes).toMatchObject([
      { name: 'default', inForce: true, intervalSeconds: 10, answers: 0 },
      { name: 'default', inForce: false, intervalSeconds: 60, answers: 1, late: 0, nodes: 0 },
    ]);
  });

  it('keeps the class of its host after that has ended, and is still late', async () => {
    await world.aNode(HOST);
    await start();
    await answers(RUNNING_AT + MINUTE, API);
    await world.ports.registry.end(HOST, world.nowMs);
    expect(await measured()).toMatchObject({
      classes: [{ name: 'default', answers: 1, late: 1 }],
      late: [{ workload: TASK, host: HOST, class: 'default', timeToAnswerMs: 60_300 }],
    });
  });
});
