import * as z from 'zod/mini';
import type { Trust } from '../core/attest/trust.ts';
import { DEFAULT_SECRET } from '../core/nodes/enroll-secrets.ts';
import type { TlsApiDeps } from '../core/osquery/deps.ts';
import type { Report } from '../core/report.ts';
import { DynamoFanOuts } from './fan-outs.ts';
import { FirehoseSink, SinkEnv } from './firehose-sink.ts';
import { DynamoFleetIssues } from './fleet-issues.ts';
import { DynamoHostQueue } from './host-queue.ts';
import { DynamoLedger } from './ledger.ts';
import { policyIn } from './live-policy.ts';
import { DynamoNodeDirectory } from './node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from './node-registry.ts';
import { AwsSecret } from './secrets.ts';
import { DynamoStoredAnswers } from './stored-answers.ts';
import { DynamoStoredLogs } from './stored-logs.ts';
import { type Table, TableEnv } from './table.ts';

const arn = z.string().check(z.minLength(1));
const seconds = z.coerce.number().check(z.int(), z.positive());
/** Name → ARN, written as `name=ARN` with blanks between them. */
const namedArns = z.pipe(
  z.optional(z.string()),
  z.transform((text = '') =>
    [...text.matchAll(/([a-z0-9-]+)=(\S+)/g)].map(([, name = '', arn = '']) => [name, arn] as const),
  ),
);
const Env = z.object({
  ...TableEnv,
  ...SinkEnv,
  ENROLL_SECRET_ARN: arn,
  NAMED_SECRET_ARNS: namedArns,
  NODE_KEY_SECRET_ARN: arn,
  SWEEP_EVERY_SECONDS: seconds,
  ATTEST: z._default(z.enum(['off', 'preferred', 'required']), 'off'),
  ATTEST_ACCOUNTS: z._default(z.string(), ''),
  ATTEST_CERTIFICATES: z._default(z.string(), '{}'),
  AWS_REGION: z.optional(z.string()),
});
export type AgentEnv = z.infer<typeof Env>;

/** Throws at the start, naming every missing or malformed variable. */
export const readAgentEnv = (source: NodeJS.ProcessEnv): AgentEnv => Env.parse(source);

const Certificates = z.record(z.string(), z.string());

/** The accounts whose instance identity documents are accepted. */
const trustOf = (env: AgentEnv): Trust => ({
  mode: env.ATTEST,
  accounts: env.ATTEST_ACCOUNTS.split(',').filter(Boolean),
  region: env.AWS_REGION,
  certificates: Certificates.parse(JSON.parse(env.ATTEST_CERTIFICATES)),
});

/** The TLS API on AWS. */
export const tlsApiDeps = (env: AgentEnv, table: Table, report: Report): TlsApiDeps => ({
  queue: new DynamoHostQueue(table),
  registry: new DynamoNodeRegistry(table),
  aliases: new DynamoAliases(table),
  ledger: new DynamoLedger(table),
  storedAnswers: new DynamoStoredAnswers(table),
  sink: new FirehoseSink({
    results: env.RESULTS_STREAM_NAME,
    logs: env.LOGS_STREAM_NAME,
    quarantine: env.QUARANTINE_STREAM_NAME,
  }),
  storedLogs: new DynamoStoredLogs(table),
  fleetIssues: new DynamoFleetIssues(table),
  attestation: trustOf(env),
  enrollSecrets: new Map(
    [[DEFAULT_SECRET, env.ENROLL_SECRET_ARN] as const, ...env.NAMED_SECRET_ARNS].map(([name, arn]) => [
      name,
      new AwsSecret(arn, Date.now),
    ]),
  ),
  nodeKeySecret: new AwsSecret(env.NODE_KEY_SECRET_ARN, Date.now),
  policy: policyIn(table, Date.now, report),
  directory: new DynamoNodeDirectory(table, Date.now),
  fanOuts: new DynamoFanOuts(table),
  sweepEveryMs: env.SWEEP_EVERY_SECONDS * 1000,
  now: Date.now,
  report,
});
