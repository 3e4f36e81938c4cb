import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Row } from '../../../../lib/core/results/answer.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { inForce, plainPolicy } from '../../../support/plain-policy.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

/* A verdict does not wait for impossible answers: it is final as soon as the last open query is closed, in whatever way. */

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const TASK = String(fixture(5).detail.taskArn);
const LEASE = 31 * SECOND;
const pending = { verdict: 'pending' };
const missed = (reason: string) => ({ verdict: 'missed', reason });

let world: World;
beforeEach(async () => {
  world = await World.begin();
  await world.aNode(INSTANCE);
  await arrives(fixture(15));
});

async function arrives(event: AnyEvent): Promise<void> {
  world.nowMs = Math.max(world.nowMs, Date.parse(event.time));
  await world.take(event);
}

/** The agent takes all pending queries, and answers each of them like this. */
async function answers(rows: readonly Row[], answer: { status?: number; message?: string } = {}): Promise<void> {
  const delivered = await world.poll(INSTANCE);
  expect(delivered.length).toBeGreaterThan(0);
  await world.answer(
    INSTANCE,
    delivered.map(({ wireId }) => anAnswer(wireId, rows, answer)),
  );
}

const verdict = () => world.verdict(TASK);

describe('the verdict is known at once', () => {
  it('when its live and post-mortem queries were answered without a row (S17)', async () => {
    await arrives(fixture(5));
    expect(await verdict()).toEqual(pending);
    await answers([]);
    expect(await verdict()).toEqual(missed('no-row'));
    await arrives(fixture(7));
    expect(await verdict()).toEqual(pending);
    await answers([]);
    expect(await verdict()).toEqual(missed('no-row'));
  });

  it.each([
    ['denylisted', 'distributed query is denylisted'],
    ['query-failed', 'no such table: docker_containers'],
  ])('when its only query was answered with %s (S18)', async (reason, message) => {
    await arrives(fixture(5));
    await answers([], { status: 1, message });
    expect(await verdict()).toEqual(missed(reason));
  });

  it('when the answer names only one of its two containers', async () => {
    await arrives(fixture(5));
    const [subject = ''] = (await world.record(TASK)).subjects;
    await answers([{ id: subject, state: 'running' }]);
    expect(await verdict()).toEqual(missed('no-row'));
  });

  it('when its live query was not delivered, and the post-mortem one was answered without a row', async () => {
    await arrives(fixture(5));
    await arrives(fixture(7));
    await answers([]);
    expect(await verdict()).toEqual(missed('no-row'));
  });

  it('when the agent took every delivery of the query without an answer', async () => {
    await arrives(fixture(5));
    let offers = 0;
    for (; (await world.poll(INSTANCE)).length > 0; offers += 1) {
      if (offers === 0) expect(await verdict()).toEqual(pending);
      world.nowMs += LEASE;
    }
    expect(offers).toBeGreaterThan(2);
    expect(world.nowMs).toBeLessThan(T0 + 10 * MINUTE);
    expect(await verdict()).toEqual(missed('unanswered'));
  });

  it('when a poll finds the query expired', async () => {
    await arrives(fixture(5));
    world.nowMs += 10 * MINUTE + 1;
    expect(await verdict()).toEqual(pending);
    await world.poll(INSTANCE);
    expect(await verdict()).toEqual(missed('expired'));
  });

  it('when its discovery query prevented it from running, while others were answered', async () => {
    const rules = plainPolicy.rules.map((rule) => ({
      ...rule,
      queries: rule.queries.map((query) => (query.evidence ? { ...query, discovery: 'SELECT 1 WHERE 0' } : query)),
    }));
    world.policy = inForce({ ...plainPolicy, rules });
    await arrives(fixture(5));
    const delivered = await world.poll(INSTANCE);
    const others = delivered.filter(({ discovery }) => discovery === undefined);
    expect(others.length).toBeGreaterThan(0);
    await world.answer(
      INSTANCE,
      others.map(({ wireId }) => anAnswer(wireId)),
    );
    for (let look = 0; look < 3; look += 1) {
      world.nowMs += LEASE;
      await world.poll(INSTANCE);
    }
    expect(await verdict()).toEqual(missed('no-row'));
  });

  it('and improves if rows arrive anyway', async () => {
    await arrives(fixture(5));
    const delivered = await world.poll(INSTANCE);
    const [first] = delivered.filter(({ evidence }) => evidence);
    await world.answer(INSTANCE, [anAnswer(first?.wireId ?? '', [], { status: 1, message: 'x' })]);
    expect(await verdict()).toEqual(missed('query-failed'));
    await arrives(fixture(7));
    await answers((await world.record(TASK)).subjects.map((id) => ({ id, state: 'exited' })));
    expect(await verdict()).toEqual({ verdict: 'post-mortem' });
  });
});

it('a query that was withdrawn after its delivery is still awaited', async () => {
  await arrives(fixture(5));
  const held = await world.poll(INSTANCE);
  world.nowMs += 10 * SECOND; // within its lease, and too late for the agent's own retry
  await arrives({ ...fixture(7), time: fixture(5).time });
  await answers([]);
  expect(await verdict()).toEqual(pending);
  await world.answer(
    INSTANCE,
    held.map(({ wireId }) => anAnswer(wireId)),
  );
  expect(await verdict()).toEqual(missed('no-row'));
});

it('a repeated event reopens no query', async () => {
  await arrives(fixture(5));
  await answers([]);
  await arrives(fixture(8));
  expect(await verdict()).toEqual(missed('no-row'));
});
