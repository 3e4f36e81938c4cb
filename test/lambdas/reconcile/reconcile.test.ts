import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { readEnv } from '../../../lambdas/reconcile/env.ts';
import { createHandler } from '../../../lambdas/reconcile/handler.ts';
import { DynamoLedgerIndex } from '../../../lib/aws/ledger/ledger-index.ts';
import { DynamoSettledSpans } from '../../../lib/aws/ledger/settled-spans.ts';
import { DynamoReviewProgress, DynamoSweepProgress } from '../../../lib/aws/reconcile/progress.ts';
import { InstanceNodes } from '../../../lib/core/fleet/instance-nodes.ts';
import type { CoverageEvent } from '../../../lib/core/ledger/review.ts';
import { defaultLimits } from '../../../lib/core/queue/plan-drain.ts';
import { Spend } from '../../../lib/core/reconcile/spend.ts';
import { UpToDate } from '../../../lib/core/reconcile/up-to-date.ts';
import { aDescription, anInstance, HOST, ON_HOST, RUNNING, STOPPED } from '../../support/a-sweeper.ts';
import { anAnswer } from '../../support/an-agent.ts';
import { dockerId, taskArn } from '../../support/builders.ts';
import { FakeAccount } from '../../support/fake-account.ts';
import { context } from '../../support/fixtures.ts';
import { inForce } from '../../support/plain-policy.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE, SECOND } from '../../support/times.ts';

let world: TableWorld;
let account: FakeAccount;
let misses: CoverageEvent[];
beforeEach(async () => {
  misses = [];
  world = await TableWorld.begin();
  world.ecs.known.set(ON_HOST, HOST);
  account = new FakeAccount(world.now);
});

/** Runs the function on the test's table and clock, with this much time left. */
function reconcile(leftMs = 55 * SECOND, invoked: Partial<Context> = {}): Promise<void> {
  const deps = world.taskDeps();
  const sweeping = {
    ...deps,
    tasks: account,
    instances: account,
    progress: new DynamoSweepProgress(world.table),
    nodes: new InstanceNodes(deps.directory, deps.aliases, world.now),
    spend: new Spend(world.now, async (ms) => {
      world.nowMs += ms;
    }),
    settled: new UpToDate(),
    noAgentAfterMs: 5 * MINUTE,
  };
  const reviewing = {
    ...deps,
    ledgerIndex: new DynamoLedgerIndex(world.table),
    spans: new DynamoSettledSpans(world.table),
    events: { put: async (events: readonly CoverageEvent[]) => void misses.push(...events) },
    progress: new DynamoReviewProgress(world.table),
  };
  return createHandler(sweeping, reviewing)({}, { ...context, getRemainingTimeInMillis: () => leftMs, ...invoked });
}
/** Makes every write about a task fail. */
function failAbout(n: number): void {
  const { ledger } = world.ports;
  const prepare: typeof ledger.prepare = ledger.prepare.bind(ledger);
  ledger.prepare = async (...args) => {
    if (args[0].workload === taskArn(n)) throw new Error('DynamoDB is away');
    return prepare(...args);
  };
}
const done = () => world.reports.findLast(({ event }) => event === 'sweep_done')?.fields;

describe('the reconciler', () => {
  it('finds workloads without events, which then get rows', async () => {
    await reconcile();
    world.nowMs += MINUTE;
    await world.aNode(HOST);
    account.put(aDescription(1, RUNNING, world.nowMs - 30 * SECOND));
    account.put(aDescription(2, STOPPED, world.nowMs - 20 * SECOND));
    account.putInstance(anInstance(HOST));
    await reconcile();

    const taken = await world.poll(HOST, { ...defaultLimits, queriesPerDelivery: 10 });
    const answers = taken.map(({ wireId, set, askers }) =>
      anAnswer(
        wireId,
        askers.flatMap(({ subjects }) => subjects.map((id) => ({ id, state: set === 'live' ? 'running' : 'exited' }))),
      ),
    );
    expect(await world.answer(HOST, answers)).toBe(true);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'seen' });
    expect(await world.verdict(taskArn(2))).toEqual({ verdict: 'post-mortem' });
    expect(world.sink.stored.map(({ columns }) => columns?.id)).toEqual(
      expect.arrayContaining([dockerId(10), dockerId(20)]),
    );
    expect(done()).toMatchObject({ found: 3, complete: true, failures: 0 });
  });

  it('fails its invocation if a part failed, after all other parts are done', async () => {
    account.put(aDescription(1, RUNNING, world.nowMs));
    failAbout(1);
    account.put(aDescription(2, RUNNING, world.nowMs));
    await expect(reconcile()).rejects.toThrow("1 of the sweep's parts failed");
    expect(await world.record(taskArn(2))).toMatchObject({ detectedBy: 'sweep' });
    expect(await new DynamoSweepProgress(world.table).read()).toEqual({
      beganMs: world.nowMs,
      tasksSinceMs: world.nowMs,
      instancesSinceMs: world.nowMs,
    });
  });

  it('reports an error that ends the sweep or the review, with its stack', async () => {
    const review = jest.spyOn(DynamoReviewProgress.prototype, 'read').mockRejectedValue(new Error('no review'));
    await expect(reconcile()).rejects.toThrow('no review');
    const begin = jest.spyOn(DynamoSweepProgress.prototype, 'begin').mockRejectedValue(new Error('no sweep'));
    await expect(reconcile()).rejects.toThrow('no sweep');
    expect(world.reports.flatMap(({ event, fields }) => (event === 'sweep_failed' ? [fields] : []))).toEqual([
      { what: 'the review', error: expect.stringMatching(/^Error: no review\n {4}at /) },
      { what: 'the sweep', error: expect.stringMatching(/^Error: no sweep\n {4}at /) },
    ]);
    review.mockRestore();
    begin.mockRestore();
  });

  it('publishes misses among its finds a quarter of an hour later, even while a part of its sweeps fails', async () => {
    await reconcile();
    world.nowMs += MINUTE;
    account.put(aDescription(1, RUNNING, world.nowMs - 30 * SECOND));
    await reconcile();
    account.put(aDescription(2, RUNNING, world.nowMs));
    failAbout(2);
    for (let sweep = 0; sweep < 5; sweep += 1) {
      expect(misses).toEqual([]);
      world.nowMs += 3 * MINUTE;
      await expect(reconcile()).rejects.toThrow("1 of the sweep's parts failed");
    }
    expect(misses).toMatchObject([{ workload: taskArn(1), verdict: 'missed', reason: 'not-enrolled', host: HOST }]);
  });

  it('ends ten seconds before its time-out, and continues there next time', async () => {
    for (const n of [1, 2]) account.put(aDescription(n, RUNNING, world.nowMs));
    account.pageSize = 1;
    account.before = (what) => {
      if (what.includes('RUNNING')) world.nowMs += 3 * SECOND;
    };
    await reconcile(15 * SECOND);
    expect(done()).toMatchObject({ complete: false });
    await reconcile(15 * SECOND);
    expect(done()).toMatchObject({ complete: true });
    expect(await world.ports.ledger.read([taskArn(1), taskArn(2)])).toHaveLength(2);
  });

  it('does nothing while another one runs, and continues after that has died', async () => {
    await new DynamoSweepProgress(world.table).begin(world.nowMs, world.nowMs + 45 * SECOND);
    account.put(aDescription(1, RUNNING, world.nowMs));
    await reconcile();
    expect(world.reports.map(({ event }) => event)).toEqual(['sweep_skipped']);
    expect(account.listed).toEqual([]);
    world.nowMs += MINUTE;
    await reconcile();
    expect(done()).toMatchObject({ found: 1, complete: true });
  });

  it('uses the account and Region it runs in, in any partition', async () => {
    const event = { source: ['aws.ec2'], account: ['444455556666'], region: ['us-gov-west-1'] };
    const arn = 'arn:aws-us-gov:ec2:us-gov-west-1:444455556666:instance/i-0000000000000001';
    const policy = (await world.policy()).policy;
    const [rule] = policy.rules.filter(({ name }) => name === 'ec2-launched');
    if (!rule) throw new Error('no rule on launches');
    world.policy = inForce({ ...policy, rules: [{ ...rule, on: { event: { ...event, resources: [arn] } } }] });
    account.putInstance(anInstance(HOST));
    await reconcile(55 * SECOND, {
      invokedFunctionArn: 'arn:aws-us-gov:lambda:us-gov-west-1:444455556666:function:reconcile',
    });
    expect(await world.waiting(HOST)).toHaveLength(2);
  });
});

describe("the reconciler's environment", () => {
  const whole = { TABLE_NAME: 't', BUS_NAME: 'b', NO_AGENT_AFTER_SECONDS: '300', SWEEP_EVERY_SECONDS: '60' };

  it('sets the time before no-agent, and the interval of sweeps', () => {
    expect(readEnv(whole)).toEqual({ ...whole, NO_AGENT_AFTER_SECONDS: 300, SWEEP_EVERY_SECONDS: 60 });
  });

  it.each(['soon', '0', '-1', '1.5', undefined])('rejects %s for it', (value) => {
    for (const name of ['NO_AGENT_AFTER_SECONDS', 'SWEEP_EVERY_SECONDS'])
      expect(() => readEnv({ ...whole, [name]: value })).toThrow(name);
  });
});
