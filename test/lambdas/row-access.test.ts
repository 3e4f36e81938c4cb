import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHandler as createDeployment } from '../../lambdas/deployment/handler.ts';
import { createHandler as createReconciler } from '../../lambdas/reconcile/handler.ts';
import { eventHandler } from '../../lib/aws/event-function.ts';
import { DynamoLedgerIndex } from '../../lib/aws/ledger/ledger-index.ts';
import { DynamoSettledSpans } from '../../lib/aws/ledger/settled-spans.ts';
import { policyIn } from '../../lib/aws/policy/live-policy.ts';
import { DynamoPolicyStore } from '../../lib/aws/policy/policy-store.ts';
import { DynamoFanOuts } from '../../lib/aws/queue/fan-outs.ts';
import { DynamoReviewProgress, DynamoSweepProgress } from '../../lib/aws/reconcile/progress.ts';
import { InstanceNodes } from '../../lib/core/fleet/instance-nodes.ts';
import type { Instance } from '../../lib/core/inventory/instance.ts';
import type { LedgerIndex } from '../../lib/core/ledger/ledger-index.ts';
import type { Cursors } from '../../lib/core/ledger/review-progress.ts';
import { type SettledSpans, SPAN_MS } from '../../lib/core/ledger/settle-spans.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { seedPolicy } from '../../lib/core/policy/seed-policy.ts';
import { Spend } from '../../lib/core/reconcile/spend.ts';
import { UpToDate } from '../../lib/core/reconcile/up-to-date.ts';
import { ROW_ACCESS } from '../../lib/stack/table/row-access.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { aCancellation, aQuestion } from '../support/a-campaign.ts';
import { aFinding, aTaskResource, withResource } from '../support/a-finding.ts';
import { aRequest } from '../support/a-request.ts';
import { aRule } from '../support/a-rule.ts';
import { aDescription, anInstance, HOST, ON_HOST, RUNNING } from '../support/a-sweeper.ts';
import { aPendingQuery } from '../support/builders.ts';
import { aTable } from '../support/dynamodb.ts';
import { FakeAccount } from '../support/fake-account.ts';
import { FakeHooks } from '../support/fake-hooks.ts';
import { type AnyEvent, context, fixture, sqsBatch } from '../support/fixtures.ts';
import { containerStarted, forms } from '../support/process-events.ts';
import { type FunctionName, grantsOf, RowRecorder } from '../support/row-recorder.ts';
import { TableWorld } from '../support/table-world.ts';
import { MINUTE } from '../support/times.ts';
import { aTlsServer, type TlsHarness } from '../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../support/wire-agent.ts';

const HOUR = 60 * MINUTE;
const INSTANCE = 'i-0a1b2c3d4e5f60718';
const everywhere = { target: { 'hosts-where': {} } } as const;

/** The built-in policy, and rules that ask other hosts than the trigger's. */
const policy: Policy = {
  ...(builtIn.policy as Policy),
  limits: { ...builtIn.policy.limits, hostsPerTrigger: 1 },
  rules: [
    ...(builtIn.policy as Policy).rules,
    containerStarted(),
    aRule('anywhere', { request: 'anywhere' }, everywhere),
    aRule('task-host', { request: 'task-host' }, { target: { host: 'detail.host' } }),
    aRule('tasks', { event: { source: ['aws.ecs'] } }, everywhere),
    aRule('instances', { event: { source: ['aws.ec2', 'aws.autoscaling'] } }, everywhere),
    aRule('findings', { event: { source: ['aws.guardduty'] } }, everywhere),
  ],
};

const recorder = new RowRecorder();
let server: TlsHarness;
let world: TableWorld;
let agent: WireAgent;
let own: WireAgent;
let stranger: WireAgent;
let count = 0;
/** The times at which something happens. */
const moments: number[] = [];

/** Sends an event to its function at its time. */
async function event(name: FunctionName, one: AnyEvent, hooks?: FakeHooks): Promise<void> {
  setNow(Math.max(world.nowMs, Date.parse(one.time)));
  await mislead();
  const live = policyIn(server.table, world.now, world.report);
  const fanOuts = new DynamoFanOuts(server.table); // it remembers the secret
  const deps = { ...world.taskDeps(), policy: live, fanOuts, describeInstance: async () => described };
  const pause = async (ms: number) => setNow(world.nowMs + ms);
  const within = <T>(_ms: number, work: Promise<T>) => work;
  const handler = eventHandler(deps, hooks && { hooks, pause, within });
  const result = await recorder.as(name, () => handler(sqsBatch([JSON.stringify(one)]), context));
  expect(result.batchItemFailures).toEqual([]);
}

function setNow(nowMs: number): void {
  moments.push(nowMs);
  world.nowMs = nowMs;
  server.clock.nowMs = nowMs;
}

/** Passes time, and lets an agent poll and answer what it gets, with these rows. */
async function polls(who: WireAgent, rows: readonly Record<string, string>[] = []): Promise<void> {
  setNow(world.nowMs + 6 * MINUTE);
  await recorder.as('tls-api', async () => {
    const queries = await who.poll();
    await who.write(Object.fromEntries(Object.keys(queries).map((id) => [id, [...rows]])));
  });
}

/**
 * Lets another host have the instance's alias by mistake, and queries that it led there: an answered one, one that was
 * delivered, and one that is pending.
 */
async function mislead(instance = INSTANCE): Promise<void> {
  const { queue, aliases } = world.ports;
  const meant = () => {
    const [queuedAtMs, expiresAtMs] = [world.nowMs, world.nowMs + 2 * HOUR];
    const workload = String(fixture(5).detail.taskArn);
    return aPendingQuery(++count, { host: 'stranger', alias: instance, workload, queuedAtMs, expiresAtMs });
  };
  await queue.enqueue(meant());
  await stranger.write(Object.fromEntries(Object.keys(await stranger.poll()).map((id) => [id, []])));
  await queue.enqueue(meant());
  await stranger.poll();
  await queue.enqueue(meant());
  await aliases.learn(instance, 'stranger', world.nowMs);
}

const described: Instance = anInstance(INSTANCE, { tags: { team: 'web' } });

/** Whether something happens between two times, both included. */
const isEventful = (fromMs: number, toMs: number): boolean => moments.some((atMs) => fromMs <= atMs && atMs <= toMs);

/** The ledger's index and its settled spans without the requests about hours in which nothing happens: twelve for every five minutes. */
function readsOfMoments() {
  const index = new DynamoLedgerIndex(server.table);
  const spans = new DynamoSettledSpans(server.table);
  const quiet = { open: [], pages: [], revision: 'none' };
  return {
    ledgerIndex: {
      due: (nowMs: number) => index.due(nowMs),
      async *between(fromMs: number, toMs: number) {
        if (isEventful(fromMs, toMs)) yield* index.between(fromMs, toMs);
      },
    } satisfies Pick<LedgerIndex, 'between' | 'due'>,
    spans: {
      read: async (spanMs: number) => (isEventful(spanMs, spanMs + SPAN_MS) ? spans.read(spanMs) : quiet),
      save: (...span: Parameters<SettledSpans['save']>) => spans.save(...span),
    },
  };
}

/** The progress of a review, of which `end` saves the latest. */
class FinalProgress {
  readonly #saved = new DynamoReviewProgress(server.table);
  #latest: Cursors | undefined;

  read(): Promise<Cursors> {
    return this.#saved.read();
  }

  async save(state: Cursors): Promise<void> {
    this.#latest = state;
  }

  async end(): Promise<void> {
    if (this.#latest) await this.#saved.save(this.#latest);
  }
}

async function sweeps(account: FakeAccount): Promise<void> {
  const live = policyIn(server.table, world.now, world.report);
  const deps = { ...world.taskDeps(), policy: live, fanOuts: new DynamoFanOuts(server.table) };
  const sweeping = {
    ...deps,
    tasks: account,
    instances: account,
    progress: new DynamoSweepProgress(server.table, { everyMs: MINUTE }),
    nodes: new InstanceNodes(deps.directory, deps.aliases, world.now),
    spend: new Spend(world.now, async (ms) => setNow(world.nowMs + ms)),
    settled: new UpToDate(),
    noAgentAfterMs: 5 * MINUTE,
  };
  const reviewing = {
    ...deps,
    ...readsOfMoments(),
    events: { put: async () => undefined },
    progress: new FinalProgress(),
  };
  const handler = createReconciler(sweeping, reviewing);
  await recorder.as('reconcile', async () => {
    await handler({}, { ...context, getRemainingTimeInMillis: () => 55_000 });
    await reviewing.progress.end();
  });
}

beforeAll(async () => {
  server = await aTlsServer('in the table');
  recorder.attach(server.table.db);
  world = new TableWorld(server.table);
  world.ecs.known.set(String(fixture(15).detail.containerInstanceArn), INSTANCE);
  world.ecs.definitions.set(String(fixture(5).detail.taskDefinitionArn), { app: true });
  await theStory();
}, 300_000);
afterAll(() => server.close());

async function theStory(): Promise<void> {
  const store = new DynamoPolicyStore(server.table);
  const fresh = await aTable();
  recorder.attach(fresh.db);
  await recorder.as('deployment', () => deploys(new DynamoPolicyStore(fresh)));
  const current = await store.current();
  if (current) await store.push({ ...current, version: 2, policy }, 1);
  setNow(Date.parse(fixture(19).time));

  // Agents enroll; one is its host's second, and one tells its instance.
  await recorder.as('tls-api', async () => {
    own = await anEnrolled(server, INSTANCE, { hostname: 'a', instanceId: 'own' });
    agent = await anEnrolled(server, 'web-7');
    stranger = await anEnrolled(server, 'stranger', { hostname: 'b', vendor: 'QEMU' });
    await agent.config();
    await agent.log('result', [forms.event(1)]);
    await agent.write({ 'unknown-1-0': [] });
  });
  await polls(agent, [{ instance_id: 'i-00000000000000007' }]);
  for (const one of [own, stranger, agent]) await polls(one);

  // An instance launches, a task starts and stops there, and one with a sidecar stops on Fargate.
  await event('ec2-launch', fixture(19));
  await event('ecs-task-state', fixture(15));
  await event('ecs-task-state', fixture(5));
  await mislead();
  await polls(own, [{ id: dockerOf(fixture(5)), state: 'running' }]);
  await event('ecs-task-state', fixture(7));
  await polls(own);
  const sidecar = { name: 'mayfly-osquery', lastStatus: 'STOPPED' };
  await event('ecs-task-state', fixture(11, { lastStatus: 'STOPPED', containers: [sidecar] }));

  // Requests, findings, and the end.
  await event('query-request', aRequest('anywhere'));
  await event('query-request', aRequest('task-host', { host: INSTANCE }));
  await event('query-request', aQuestion({}, world.nowMs));
  for (const one of [own, agent, stranger]) await polls(one, [{ total_seconds: '5' }]);
  await event('query-request', aCancellation(world.nowMs));
  await event('finding', aFinding(0));
  await polls(own);
  await event('finding', aFinding(1, withResource(aTaskResource(fixture(5).detail.taskArn)), 26));
  await event('last-gasp', fixture(24), new FakeHooks(world.now));
  await event('ec2-launch', fixture(20));
  await own.poll();
  await event('ec2-launch', fixture(19, { state: 'terminated' }));

  // All events of another instance and its task are lost.
  const account = new FakeAccount(world.now);
  const other = await anEnrolled(server, HOST, { hostname: 'c' });
  world.ecs.known.set(ON_HOST, HOST);
  account.putInstance(anInstance(HOST, { tags: { team: 'web' } }));
  account.put(aDescription(2, RUNNING, world.nowMs));
  account.putInstance(anInstance('i-00000000000000009')); // without an agent
  for (let n = 0; n < 4; n++) {
    setNow(world.nowMs + 8 * HOUR);
    await mislead(HOST);
    await other.poll();
    await sweeps(account);
  }
  account.putInstance(anInstance(HOST, { state: 'terminated' }));
  await sweeps(account);
}

const dockerOf = ({ detail }: AnyEvent): string => String(Object((detail.containers as unknown[])[0]).runtimeId);

function deploys(store: DynamoPolicyStore): Promise<void> {
  const handler = createDeployment({
    seed: () => seedPolicy(store, builtIn, world.nowMs),
    respond: async () => undefined,
    report: world.report,
  });
  const ids = { StackId: 's', RequestId: 'r', LogicalResourceId: 'l' };
  return handler({ ...ids, RequestType: 'Create', ResponseURL: 'https://cloudformation.example/signed' });
}

const FIRST_LIMIT = {
  'FANOUT PutItem': 'the first function whose fan-out meets a limit makes the secret of its order',
};
const TASK_RULE = { 'ALIAS#* PutItem': 'ECS had to describe the container instance of a task that a rule is about' };
const MISLED = 'a sweep found an alias that leads to the wrong host';

/** Grants that this story does not reach, and when they are needed. */
const RARELY: Partial<Record<FunctionName, Readonly<Record<string, string>>>> = {
  'ecs-task-state': FIRST_LIMIT,
  'last-gasp': FIRST_LIMIT,
  finding: { ...FIRST_LIMIT, ...TASK_RULE, 'SPACING#* PutItem': 'a rule on findings asks another host, with spacing' },
  'query-request': { ...FIRST_LIMIT, ...TASK_RULE, 'WORKLOAD#* BatchGetItem': 'a rule is about the host of a task' },
  reconcile: {
    ...FIRST_LIMIT,
    'RETIRED#* Query': MISLED,
    'RETIRED#* UpdateItem': MISLED,
    'ALIAS#* DeleteItem': MISLED,
    'TASKDEF#* GetItem': 'a task with several containers was found by a sweep',
    'TASKDEF#* PutItem': 'the same',
  },
  'tls-api': {
    'NODES#* DeleteItem': 'an agent enrolled again under another name',
    'ANSWER#* BatchGetItem': 'an answer names a delivery that is not there',
    'ISSUES UpdateItem': 'two agents claim one instance',
  },
};

describe('what the functions do in the table', () => {
  it('is allowed by their roles', () => {
    expect(recorder.denied).toEqual([]);
  });

  it.each(Object.keys(ROW_ACCESS) as FunctionName[])('uses every grant of %s, except for rare cases', (name) => {
    const unused = grantsOf(ROW_ACCESS[name]).filter((grant) => !recorder.used.get(name)?.has(grant));
    expect(unused.sort()).toEqual(Object.keys(RARELY[name] ?? {}).sort());
  });
});
