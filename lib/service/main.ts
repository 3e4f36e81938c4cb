/** The process of the long-poll front: composition and nothing else. */
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoWakeHints } from '../aws/front/wake-hints.ts';
import { telemetry } from '../aws/reports/telemetry.ts';
import { tableIn } from '../aws/table/table.ts';
import { tlsApiDeps } from '../aws/tls-api-deps.ts';
import { readAgentEnv } from '../aws/tls-api-env.ts';
import { HeldReads } from '../core/front/held-reads.ts';
import { HINTS_EVERY_MS } from '../core/front/hint-reader.ts';
import { defaultServiceLimits } from './limits.ts';
import { LongPollService } from './long-poll-service.ts';
import { roundTimer } from './rounds.ts';
import { readServiceEnv } from './service-env.ts';

/** One query to thousands of hosts wakes all of them at once. */
const PATIENT_TABLE = {
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets: 128, keepAlive: true },
  },
};

const env = readServiceEnv(process.env);
const agentEnv = readAgentEnv(process.env);
const table = tableIn(agentEnv, new DynamoDBClient(PATIENT_TABLE));
const { TLS_KEY_FILE: keyFile, TLS_CERTIFICATE_FILE: certificateFile } = env;

const report = telemetry();
const service = new LongPollService({
  deps: tlsApiDeps(agentEnv, table, report),
  reads: new HeldReads({ now: Date.now, timer: roundTimer(Date.now) }),
  now: Date.now,
  // A separate client: reads of hints must not wait behind the reads that they cause.
  hints: new DynamoWakeHints(tableIn(agentEnv)),
  hintsEveryMs: HINTS_EVERY_MS,
  intervalSeconds: env.DISTRIBUTED_INTERVAL === '0' ? 0 : 1,
  tls:
    keyFile && certificateFile
      ? { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certificateFile, 'utf8') }
      : undefined,
  limits: { ...defaultServiceLimits, connections: env.MAX_CONNECTIONS },
});

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void service.stop().then(() => process.exit(0)));

void service.start(env.PORT, env.HOST).then((port) => report('front_started', { port, pid: process.pid }));
