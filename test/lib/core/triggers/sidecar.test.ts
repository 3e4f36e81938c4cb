import { beforeEach, describe, expect, it } from '@jest/globals';
import { sidecarHostOf } from '../../../../lib/core/triggers/sidecar.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aWorldUnder } from '../../../support/a-request.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { fixture } from '../../../support/fixtures.ts';
import { SECOND } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const TASK_ID = 'a87d86906d345f62b49f844f11a10b3e';
const TASK = `arn:aws:ecs:us-east-1:111122223333:task/fargate-jobs/${TASK_ID}`;
const WORKER = `${TASK_ID}-0265927825`;
const GUARDDUTY = `${TASK_ID}-2098416933`;
const SIDECAR = `${TASK_ID}-1112223334`;
const ROWS = [WORKER, GUARDDUTY, SIDECAR].map((id, index) => ({ id, pid: String(7 + index), name: 'node' }));

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(builtIn.policy);
  world.nowMs = Date.parse(fixture(11).time);
});

const sidecar = { name: 'mayfly-osquery', lastStatus: 'RUNNING', runtimeId: SIDECAR };
const known = fixture(11).detail.containers as object[];

/** The task of fixture 11 in another state, a second later for each version. */
function inState(version: number, detail: Record<string, unknown>, containers: object[] = [...known, sidecar]) {
  const atMs = Date.parse(fixture(11).time) + version * SECOND;
  return { ...fixture(11, { ...detail, version, containers }), id: `v${version}`, time: new Date(atMs).toISOString() };
}

async function arrives(event: ReturnType<typeof inState>): Promise<void> {
  world.nowMs = Date.parse(event.time);
  await world.take(event);
}

const runs = (containers?: object[]) =>
  arrives(inState(3, { lastStatus: 'RUNNING', desiredStatus: 'RUNNING' }, containers));
const isAboutToStop = () => arrives(inState(4, { lastStatus: 'RUNNING', desiredStatus: 'STOPPED' }));
const stops = () => arrives(inState(5, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' }));

async function answers(host: string): Promise<string[]> {
  const taken = await world.poll(host);
  const rows = taken.map(({ wireId }) => anAnswer(wireId, ROWS));
  await world.answer(host, rows);
  return taken.map(({ set, query }) => `${set} ${query}`).sort();
}

describe('a Fargate task with a sidecar', () => {
  it('is seen by the processes that the agent under its id reports', async () => {
    await world.aNode(TASK_ID);
    await runs();
    expect((await world.waiting(TASK_ID)).map(({ rule, query }) => `${rule} ${query}`)).toEqual([
      'fargate-task-running processes',
      'fargate-task-running sockets',
    ]);
    await answers(TASK_ID);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('is seen by an agent that enrolls after its event', async () => {
    await runs();
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
    await world.aNode(TASK_ID);
    await answers(TASK_ID);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('gets a last gasp before it stops', async () => {
    await world.aNode(TASK_ID);
    await runs();
    await answers(TASK_ID);
    await isAboutToStop();
    expect(await answers(TASK_ID)).toEqual(['last-gasp processes', 'last-gasp sockets']);
  });

  it('is not seen by rows of another host', async () => {
    await world.aNode(TASK_ID);
    const other = await world.aNode('web-7', { uuid: 'uuid-2', agentInstance: 'agent-2' });
    await runs();
    const [first] = await world.poll(TASK_ID);
    expect(first).toBeDefined();
    await world.answer(other.host, [anAnswer(first?.wireId ?? '', ROWS)]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
  });

  it('ends its node and its queries', async () => {
    await world.aNode(TASK_ID);
    await runs();
    await stops();
    expect(await world.waiting(TASK_ID)).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'host-gone' });
    expect((await world.ports.registry.find(TASK_ID, true))?.endedAtMs).toBe(world.nowMs);
    await expect(world.enroll(TASK_ID)).rejects.toThrow('has ended');
  });

  it('is missed as not-enrolled if no agent enrolled before its end', async () => {
    await runs();
    await stops();
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'not-enrolled' });
  });

  it('stays seen after its end', async () => {
    await world.aNode(TASK_ID);
    await runs();
    await answers(TASK_ID);
    await stops();
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });
});

describe('a Fargate task without a sidecar', () => {
  it('has no host, and nothing is queued', async () => {
    await runs(known);
    await arrives(inState(5, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' }, known));
    expect(await world.everyQuery()).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-host' });
  });
});

describe('the host of a task', () => {
  const task = { taskArn: TASK, launchType: 'FARGATE', containers: [{ name: 'mayfly-osquery' }] };
  it('is its id on Fargate', () => {
    expect(sidecarHostOf(task)).toBe(TASK_ID);
  });

  it.each([
    ['without the container', { ...task, containers: [{ name: 'osquery' }] }],
    ['on an instance', { ...task, launchType: 'EC2' }],
    ['with an instance id for its id', { ...task, taskArn: 'arn:aws:ecs:us-east-1:111122223333:task/web/i-0a1b2c3d' }],
    ['without an id', { ...task, taskArn: TASK_ID }],
  ])('is not the sidecar %s', (_, other) => {
    expect(sidecarHostOf(other)).toBeUndefined();
  });
});
