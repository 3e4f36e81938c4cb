import { DynamoFanOuts } from '../../lib/aws/fan-outs.ts';
import { FirehoseSink } from '../../lib/aws/firehose-sink.ts';
import { DynamoFleetIssues } from '../../lib/aws/fleet-issues.ts';
import { DynamoHostQueue } from '../../lib/aws/host-queue.ts';
import { DynamoLedger } from '../../lib/aws/ledger.ts';
import { policyIn } from '../../lib/aws/live-policy.ts';
import { DynamoNodeDirectory } from '../../lib/aws/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../lib/aws/node-registry.ts';
import { AwsSecret } from '../../lib/aws/secrets.ts';
import { DynamoStoredAnswers } from '../../lib/aws/stored-answers.ts';
import { DynamoStoredLogs } from '../../lib/aws/stored-logs.ts';
import { openTable } from '../../lib/aws/table.ts';
import { telemetry } from '../../lib/aws/telemetry.ts';
import { DEFAULT_SECRET } from '../../lib/core/nodes/enroll-secrets.ts';
import { TlsApi } from '../../lib/core/osquery/tls-api.ts';
import { readEnv, readTrust } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnv(process.env);
const table = openTable(env.TABLE_NAME);
const report = telemetry();

const api = new TlsApi({
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
  attestation: readTrust(process.env),
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

export const handler = createHandler(api);
