/**
 * Measures the CPU cost of an answer: one distributed write with thousands of answers, as an agent sends after an
 * outage. The TLS API uses its real adapters; the embedded DynamoDB runs in another process, and Firehose accepts
 * everything at once. Compare ratios of paired runs, not single figures.
 *
 *   node --import tsx bench/answers.ts [answers]
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { mockClient } from 'aws-sdk-client-mock';
import { createHandler } from '../lambdas/tls-api/handler.ts';
import { DynamoCampaigns } from '../lib/aws/campaigns/campaigns.ts';
import { DynamoFleetIssues } from '../lib/aws/fleet/fleet-issues.ts';
import { DynamoLedger } from '../lib/aws/ledger/ledger.ts';
import { DynamoNodeDirectory } from '../lib/aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../lib/aws/nodes/node-registry.ts';
import { DynamoFanOuts } from '../lib/aws/queue/fan-outs.ts';
import { DynamoHostQueue } from '../lib/aws/queue/host-queue.ts';
import { FirehoseSink } from '../lib/aws/results/firehose-sink.ts';
import { DynamoStoredAnswers } from '../lib/aws/results/stored-answers.ts';
import { DynamoStoredLogs } from '../lib/aws/results/stored-logs.ts';
import { openTable } from '../lib/aws/table/table.ts';
import type { WorkloadSnapshot } from '../lib/core/ledger/workload.ts';
import { TlsApi } from '../lib/core/osquery/tls-api.ts';
import { compiledPolicy } from '../lib/core/policy/compiled-policy.ts';
import { deliveryOf } from '../lib/core/queue/delivery.ts';
import { wireIdOf } from '../lib/core/queue/offers.ts';
import type { PendingQuery } from '../lib/core/queue/pending-query.ts';
import builtIn from '../policy/built-in.json' with { type: 'json' };

const ANSWERS = Number(process.argv[2] ?? 3000);
const PORT = 18_000 + (process.pid % 1000);
const A_DELIVERY = 6; // the queries of one read: three with evidence and three others

const name = `@dynoxide/${process.platform}-${process.arch}`;
const binary = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'dynoxide');
const database = spawn(binary, ['serve', '--port', String(PORT)], { stdio: 'ignore' });
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${PORT}`, region: 'local', credentials });
await sleep(1000);
await client.send(
  new CreateTableCommand({
    TableName: 'bench',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  }),
);
let calls = 0;
client.middlewareStack.add(
  (next) => (args) => {
    calls += 1;
    return next(args);
  },
  { step: 'initialize', name: 'count' },
);
const firehose = new FirehoseClient({ region: 'local', credentials });
mockClient(firehose).on(PutRecordBatchCommand).resolves({ FailedPutCount: 0 });

let nowMs = Date.parse('2026-11-20T10:15:00Z');
const now = (): number => nowMs;
const table = openTable('bench', client);
const queue = new DynamoHostQueue(table);
const ledger = new DynamoLedger(table);
const secret = { values: async () => ['secret'], refreshed: async () => ['secret'] };
const policy = compiledPolicy(builtIn.policy);
const failures: unknown[] = [];
const api = new TlsApi({
  queue,
  ledger,
  registry: new DynamoNodeRegistry(table),
  aliases: new DynamoAliases(table),
  storedAnswers: new DynamoStoredAnswers(table),
  sink: new FirehoseSink({ results: 'r', logs: 'l', quarantine: 'q' }, firehose),
  fleetIssues: new DynamoFleetIssues(table),
  storedLogs: new DynamoStoredLogs(table),
  enrollSecrets: new Map([['default', secret]]),
  nodeKeySecret: secret,
  policy: async () => policy,
  directory: new DynamoNodeDirectory(table, now),
  fanOuts: new DynamoFanOuts(table),
  campaigns: new DynamoCampaigns(table),
  // The long lease prevents redelivery while the answers accumulate.
  limits: { queriesPerDelivery: 3, leaseMs: 36_000_000, attempts: 3, resendMs: 6_000, claimMs: 15_000 },
  sweepEveryMs: 60_000,
  now,
  report: (event, fields) => {
    if (event === 'request_failed') failures.push(fields);
  },
});

const handler = createHandler(api);

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const endsAtMs = performance.now() + 600_000; // long enough for any run
  const { body: reply } = await handler(
    { httpMethod: 'POST', path: `/v1/${path}`, headers: {}, body: JSON.stringify(body), isBase64Encoded: false },
    { getRemainingTimeInMillis: () => endsAtMs - performance.now() },
  );
  return JSON.parse(reply);
}

/** A query about a task with one container. With `proves`, every second query is evidence. */
function aQuery(host: string, n: number, proves: boolean): PendingQuery {
  const workload = `arn:aws:ecs:us-east-1:111122223333:task/bench/${String(n).padStart(32, '0')}`;
  const container = String(n).padStart(64, '0');
  return {
    queryId: `q${n}`,
    host,
    priority: 3,
    rule: 'bench',
    query: `query-${n % A_DELIVERY}`,
    set: 'live',
    sql: 'SELECT id, name, image, state, pid FROM docker_containers WHERE id = :container',
    bindings: { container },
    evidence: proves && n % 2 === 0 ? { column: 'id', alive: { column: 'state', oneOf: ['running'] } } : undefined,
    workload,
    subjects: [container],
    decorations: { task_arn: workload, cluster: 'bench', group: 'service:bench' },
    subjectDecorations: { [container]: { container_name: 'web', image: 'example.com/web:1' } },
    triggeredAtMs: nowMs,
    receivedAtMs: nowMs,
    queuedAtMs: nowMs,
    expiresAtMs: nowMs + 36_000_000,
  };
}

/** A running task. Half of the answers prove that one was seen. */
const aTask = (workload: string): WorkloadSnapshot => ({
  workload,
  kind: 'ecs-task',
  version: 1,
  versionStep: 1,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  stopped: false,
  subjects: [],
  containers: [{ name: 'web', lastStatus: 'RUNNING', image: 'example.com/web:1' }],
  identity: { cluster: 'bench', group: 'service:bench', task_definition: 'web:1' },
  occurredAtMs: nowMs,
  receivedAtMs: nowMs,
  detectedBy: 'event',
});

const aRow = (n: number) => ({
  id: String(n).padStart(64, '0'),
  name: '/web',
  image: 'example.com/web:1',
  state: 'running',
  pid: String(n),
});

/** The answers of an agent that read and ran this many queries but could not write them. */
async function held(host: string, node_key: string, count: number, proves: boolean) {
  const ids: string[] = [];
  for (let n = 0; n < count; n += A_DELIVERY) {
    const queries = Array.from({ length: A_DELIVERY }, (_, i) => aQuery(host, n + i, proves));
    nowMs += 7_000;
    const id = `${nowMs.toString(36).padStart(9, '0')}-0000`;
    await Promise.all(queries.map(({ workload }) => ledger.advance(aTask(workload ?? ''))));
    await queue.deliver(
      deliveryOf(
        id,
        queries.map((query) => [query]),
        nowMs,
        36_000_000,
      ),
    );
    for (const position of queries.keys()) ids.push(wireIdOf({ deliveryId: id, offer: 0, position }));
  }
  return {
    node_key,
    queries: Object.fromEntries(ids.map((id, n) => [id, [aRow(n)]])),
    statuses: Object.fromEntries(ids.map((id) => [id, 0])),
  };
}

type Kind = 'proofs' | 'no proofs' | 'not asked';

async function measure(label: string, count: number, kind: Kind): Promise<void> {
  const host = `host-${label}`;
  const { node_key } = (await post('enroll', { enroll_secret: 'secret', host_identifier: host })) as {
    node_key: string;
  };
  const unknown = Array.from({ length: count }, (_, n) => [`unknown-${label}-${n}`, [aRow(n)]] as const);
  const body =
    kind === 'not asked'
      ? { node_key, queries: Object.fromEntries(unknown), statuses: {} }
      : await held(host, node_key, count, kind === 'proofs');
  calls = 0;
  const cpu = process.cpuUsage();
  const from = performance.now();
  const reply = await post('distributed/write', body);
  const { user, system } = process.cpuUsage(cpu);
  const answers = Object.keys(body.queries).length;
  const each = (user + system) / answers;
  console.log(
    `${label.padEnd(24)} ${answers} answers: ${each.toFixed(0)} µs CPU and ${(calls / answers).toFixed(2)} calls each, ` +
      `${((performance.now() - from) / 1000).toFixed(1)} s in all, reply ${JSON.stringify(reply)} ${failures.splice(0).join(' ').slice(0, 200)}`,
  );
}

await measure('warm-up', 300, 'proofs');
await measure('half-of-them-prove', ANSWERS, 'proofs'); // each query is about a task of its own
await measure('nothing-to-prove', ANSWERS, 'no proofs');
await measure('not-asked-by-us', ANSWERS, 'not asked');
await measure('one-delivery', A_DELIVERY, 'proofs');
client.destroy();
database.kill();
