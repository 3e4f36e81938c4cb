import * as z from 'zod/mini';
import type { Trust } from '../core/attest/trust.ts';
import { DEFAULT_SECRET } from '../core/nodes/enroll-secrets.ts';
import type { TlsApiDeps } from '../core/osquery/deps.ts';
import type { Report } from '../core/reports/report.ts';
import { DynamoCampaigns } from './campaigns/campaigns.ts';
import { DynamoFleetIssues } from './fleet/fleet-issues.ts';
import { DynamoLedger } from './ledger/ledger.ts';
import { DynamoNodeDirectory } from './nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from './nodes/node-registry.ts';
import { policyIn } from './policy/live-policy.ts';
import { DynamoFanOuts } from './queue/fan-outs.ts';
import { DynamoHostQueue } from './queue/host-queue.ts';
import { FirehoseSink } from './results/firehose-sink.ts';
import { DynamoStoredAnswers } from './results/stored-answers.ts';
import { DynamoStoredLogs } from './results/stored-logs.ts';
import { AwsSecret } from './secrets/secrets.ts';
import { readWithSdk } from './secrets/secrets-with-sdk.ts';
import type { Table } from './table/table.ts';
import type { AgentEnv } from './tls-api-env.ts';

const Certificates = z.record(z.string(), z.string());

/** The accounts whose instance identity documents are accepted. */
export const trustOf = (env: AgentEnv): Trust => ({
  mode: env.ATTEST,
  accounts: env.ATTEST_ACCOUNTS.split(',').filter(Boolean),
  region: env.AWS_REGION,
  certificates: Certificates.parse(JSON.parse(env.ATTEST_CERTIFICATES)),
});

/** Reads secrets for the TLS API. */
export const readSecret = readWithSdk();

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
      new AwsSecret(arn, Date.now, readSecret),
    ]),
  ),
  nodeKeySecret: new AwsSecret(env.NODE_KEY_SECRET_ARN, Date.now, readSecret),
  policy: policyIn(table, Date.now, report),
  directory: new DynamoNodeDirectory(table, Date.now),
  fanOuts: new DynamoFanOuts(table),
  campaigns: new DynamoCampaigns(table),
  sweepEveryMs: env.SWEEP_EVERY_SECONDS * 1000,
  now: Date.now,
  report,
});
