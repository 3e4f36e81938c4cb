import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createHandler } from '../../lambdas/tls-api/handler.ts';
import { DynamoCampaigns } from '../../lib/aws/campaigns/campaigns.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet/fleet-issues.ts';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { DynamoNodeDirectory } from '../../lib/aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/nodes/node-registry.ts';
import { policyIn } from '../../lib/aws/policy/live-policy.ts';
import { DynamoPolicyStore } from '../../lib/aws/policy/policy-store.ts';
import { DynamoFanOuts } from '../../lib/aws/queue/fan-outs.ts';
import { DynamoHostQueue } from '../../lib/aws/queue/host-queue.ts';
import { FirehoseSink } from '../../lib/aws/results/firehose-sink.ts';
import { DynamoStoredAnswers } from '../../lib/aws/results/stored-answers.ts';
import { DynamoStoredLogs } from '../../lib/aws/results/stored-logs.ts';
import { AwsSecret } from '../../lib/aws/secrets/secrets.ts';
import { type Table, withHints } from '../../lib/aws/table/table.ts';
import { NO_TRUST, type Trust } from '../../lib/core/attest/trust.ts';
import type { TlsApiDeps } from '../../lib/core/osquery/deps.ts';
import { IdleReads } from '../../lib/core/osquery/idle-reads.ts';
import { TlsApi } from '../../lib/core/osquery/tls-api.ts';
import type { LivePolicy } from '../../lib/core/policy/live-policy.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { seedPolicy } from '../../lib/core/policy/seed-policy.ts';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { type AnyLine, asAnyLine } from './any-line.ts';
import { theCertificate } from './certificate.ts';
import { aTable, dynamodb } from './dynamodb.ts';
import { DynamoTap } from './dynamodb-tap.ts';
import { FakeFirehose } from './fake-firehose.ts';
import { FakeSecrets } from './fake-secrets.ts';
import { type HttpAnswer, type HttpOptions, keptConnections, send } from './https.ts';
import { inForce, plainPolicy } from './plain-policy.ts';
import { proxyEvent } from './proxy-event.ts';

export type Kind = 'results' | 'logs' | 'quarantine';

/** A Mayfly that answers agents over HTTPS; implementations differ in what is behind the front. */
export interface TlsServer {
  /** `https://localhost:port`, plus the deployment's path prefix, if any. */
  readonly url: string;
  readonly ca: string;
  readonly enrollSecret: string;
  /** Sends a document as JSON; sends text and bytes unchanged. */
  post(path: string, body: unknown, options?: HttpOptions): Promise<HttpAnswer>;
  /** Returns the durable lines of a kind. */
  lines(kind: Kind): Promise<AnyLine[]>;
  close(): Promise<void>;
}

export const T0 = Date.parse('2025-03-01T12:00:00Z');

/** The tls-api function behind a minimal front. Its clock is fixed, and its services fail on demand. */
export interface TlsHarness extends TlsServer {
  readonly table: Table;
  readonly queue: DynamoHostQueue;
  readonly ledger: DynamoLedger;
  readonly registry: DynamoNodeRegistry;
  readonly aliases: DynamoAliases;
  readonly clock: { nowMs: number };
  readonly firehose: FakeFirehose;
  readonly secrets: FakeSecrets;
  /** Records every DynamoDB call and injects faults. */
  readonly dynamo: DynamoTap;
  /** The function's remaining time, as in its context. */
  readonly context: { timeLeftMs: () => number };
  /** The function's reports, in order. */
  readonly reports: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** Errors that the function threw; each is a bug. */
  readonly thrown: unknown[];
}

/** A front with the TLS API behind it. */
export interface Carried {
  readonly port: number;
  close(): Promise<void>;
}

/** What a front is made of. */
export interface Parts {
  readonly deps: TlsApiDeps;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly table: Table;
  /** The current function's remaining time, without the waits of its retries … */
  readonly timeLeftMs: () => number;
  /** … which take no time, but count. */
  readonly waitedMs: () => number;
  /** For errors that the front let through. */
  readonly thrown: unknown[];
}

/** The policy in the table, where a deployment wrote the built-in one. */
async function deployedIn(...[table, now, report]: Parameters<typeof policyIn>): Promise<LivePolicy> {
  await seedPolicy(new DynamoPolicyStore(table), builtIn, now());
  return policyIn(table, now, report);
}

const STREAMS = { results: 'results-stream', logs: 'logs-stream', quarantine: 'quarantine-stream' };
const ENROLL_SECRET = 'correct-horse-battery-staple';
export const ENROLL_SECRET_ARN = 'arn:enroll';
export const NODE_KEY_SECRET_ARN = 'arn:node-key';

/**
 * Starts a new function on a new table. The caller must close it.
 *
 * @param policy a fixed policy in force, or the policy in the table, which the function follows as on AWS
 * @param attestation which instance identity documents are trusted
 * @param carry starts the front
 */
export async function aTlsServer(
  policy: Policy | 'in the table' = plainPolicy,
  attestation: Trust = NO_TRUST,
  carry: (parts: Parts) => Promise<Carried> = behindFunction,
): Promise<TlsHarness> {
  const client = dynamodb();
  const clock = { nowMs: T0 };
  const now = (): number => clock.nowMs;
  const table = withHints(await aTable(client), now);
  const dynamo = new DynamoTap(client);
  const firehose = new FakeFirehose();
  const secrets = new FakeSecrets({ [ENROLL_SECRET_ARN]: ENROLL_SECRET, [NODE_KEY_SECRET_ARN]: 'a signing secret' });
  const { reports, report } = recorder();
  const thrown: unknown[] = [];
  const context = { timeLeftMs: () => 15_000 };
  const waiting = countedWaits();
  const ports = portsOn(table, now);
  const tls = await theCertificate();
  const { port, close } = await carry({
    tls,
    table,
    thrown,
    waitedMs: waiting.now,
    timeLeftMs: () => context.timeLeftMs(),
    deps: {
      ...ports,
      sink: new FirehoseSink(STREAMS, firehose.client, waiting),
      attestation,
      enrollSecrets: new Map([['default', new AwsSecret(ENROLL_SECRET_ARN, now, secrets.read)]]),
      nodeKeySecret: new AwsSecret(NODE_KEY_SECRET_ARN, now, secrets.read),
      policy: policy === 'in the table' ? await deployedIn(table, now, report) : inForce(policy),
      sweepEveryMs: 60_000,
      now,
      report,
    },
  });
  const url = `https://localhost:${port}`;
  const agent = keptConnections(tls.cert);

  return {
    url,
    ca: tls.cert,
    enrollSecret: ENROLL_SECRET,
    post: (path, body, options) => send(`${url}${path}`, tls.cert, bytesOf(body), { agent, ...options }),
    lines: async (kind) => firehose.lines<unknown>(STREAMS[kind]).map(asAnyLine),
    table,
    ...ports,
    clock,
    firehose,
    secrets,
    dynamo,
    context,
    reports,
    thrown,
    close: async () => {
      agent.destroy();
      await close();
      client.destroy();
    },
  };
}

/** The ports of the API on one table. */
const portsOn = (table: Table, now: () => number) => ({
  queue: new DynamoHostQueue(table),
  registry: new DynamoNodeRegistry(table),
  aliases: new DynamoAliases(table),
  ledger: new DynamoLedger(table),
  storedAnswers: new DynamoStoredAnswers(table),
  storedLogs: new DynamoStoredLogs(table),
  fleetIssues: new DynamoFleetIssues(table),
  directory: new DynamoNodeDirectory(table, now),
  fanOuts: new DynamoFanOuts(table),
  campaigns: new DynamoCampaigns(table),
});

/** A `report` that keeps what is reported. */
function recorder() {
  const reports: TlsHarness['reports'] = [];
  const report = (event: string, fields: Readonly<Record<string, unknown>>): void =>
    void reports.push({ event, fields });
  return { reports, report };
}

/** Waits that take no time; `now` is the sum of them, ms. */
function countedWaits() {
  let waitedMs = 0;
  const sleep = async (ms: number): Promise<void> => {
    waitedMs += ms;
  };
  return { sleep, random: () => 0.5, now: () => waitedMs };
}

/** The function behind a minimal front. Its remaining time counts from each request. */
async function behindFunction({ deps, tls, timeLeftMs, waitedMs, thrown }: Parts): Promise<Carried> {
  const handler = createHandler(new IdleReads(deps, async () => ({ api: new TlsApi(deps), report: deps.report })));
  const server = createServer(tls, async (request, response) => {
    const body = await bodyOf(request);
    const waitedBeforeMs = waitedMs();
    try {
      const answer = await handler(proxyEvent(request, body), {
        getRemainingTimeInMillis: () => timeLeftMs() - (waitedMs() - waitedBeforeMs),
      });
      response.writeHead(answer.statusCode, answer.headers as Record<string, string>);
      response.end(answer.body);
    } catch (error) {
      thrown.push(error);
      response.writeHead(502, { 'Content-Type': 'text/plain' });
      response.end('gateway: INTEGRATION_FAILURE');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export const bytesOf = (body: unknown): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
