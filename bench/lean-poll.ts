/**
 * Measures what the short path saves on the poll of an idle host: CPU of the tls-api function for one poll, and for its start
 * together with the first poll. The baseline is the same function without the short path. The floor is a function that only
 * sends the same bytes with `node:http` over a kept connection, unsigned, and reads the reply. Each runs as a process of its
 * own, in turns, against the embedded DynamoDB and a Secrets Manager in other processes.
 *
 *   npm run bench -- poll
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { build } from 'esbuild';
import { DynamoNodeRegistry } from '../lib/aws/nodes/node-registry.ts';
import { openTable } from '../lib/aws/table/table.ts';
import { NODE_TTL_MS } from '../lib/core/nodes/node.ts';
import { signNodeKey } from '../lib/core/nodes/node-key.ts';
import { bundleIfChanged } from '../scripts/bundle-if-changed.ts';

const ROUNDS = 9;
const POLLS = 2_000;
const PORT = 19_000 + (process.pid % 1000);
const SECRET = 'a signing secret';
const TABLE = 'bench';
const HERE = fileURLToPath(new URL('.', import.meta.url));

const name = `@dynoxide/${process.platform}-${process.arch}`;
const binary = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'dynoxide');
const database = spawn(binary, ['serve', '--port', String(PORT)], { stdio: 'ignore' });
const secrets = createServer(async (request, response) => {
  const { VersionStage } = JSON.parse(await text(request));
  if (VersionStage === 'AWSPREVIOUS') response.statusCode = 400;
  response.end(
    JSON.stringify(VersionStage === 'AWSPREVIOUS' ? { __type: 'ResourceNotFoundException' } : { SecretString: SECRET }),
  );
});
await new Promise<void>((resolve) => secrets.listen(0, '127.0.0.1', resolve));
await sleep(1000);

const client = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${PORT}`,
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
await client.send(
  new CreateTableCommand({
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  }),
);
const nowMs = Date.now() + 3_600_000; // recorded in the future: no poll of this bench is the one in five minutes that writes
const epoch = Math.floor(nowMs / 1000);
await new DynamoNodeRegistry(openTable(TABLE, client)).enroll(
  {
    host: 'i-0123456789abcdef0',
    epoch,
    enrolledAtMs: nowMs,
    lastSeenMs: nowMs,
    hotUntilMs: 0,
    rev: 0,
    taken: {},
    identity: {
      hostname: 'ip-10-0-0-7.ec2.internal',
      uuid: 'ec2e1916-9099-7caf-fd21-012345abcdef',
      agentInstance: 'd2a1b0c4-1111-4222-8333-444455556666',
      platform: 'amzn',
      osqueryVersion: '5.23.1',
      vendor: 'Amazon EC2',
    },
    expiresAtMs: nowMs + NODE_TTL_MS,
  },
  undefined,
);

const folder = await mkdtemp(join(tmpdir(), 'mayfly-bench-'));
const baseline = join(folder, 'index.cjs');
await build({
  stdin: {
    contents: `import { AwsSecret } from '../lib/aws/secrets/secrets.ts';
      import { readEnv } from '../lambdas/tls-api/env.ts';
      import { createHandler } from '../lambdas/tls-api/handler.ts';
      import { readSecret, wholeApi } from '../lambdas/tls-api/whole.ts';
      const env = readEnv(process.env);
      export const handler = createHandler(wholeApi(env, new AwsSecret(env.NODE_KEY_SECRET_ARN, Date.now, readSecret)).api);`,
    resolveDir: HERE,
    loader: 'ts',
  },
  outfile: baseline,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
});
const floor = join(folder, 'floor.cjs');
await build({
  stdin: {
    contents: `import http from 'node:http';
      const agent = new http.Agent({ keepAlive: true });
      const body = JSON.stringify({
        TableName: process.env.TABLE_NAME,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'HOST#i-0123456789abcdef0' } },
        ConsistentRead: false,
      });
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.Query',
        'x-amz-date': '20261128T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20261128/local/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=' + '0'.repeat(64),
      };
      export const handler = () =>
        new Promise((resolve, reject) => {
          const options = { method: 'POST', headers, agent };
          const request = http.request(process.env.AWS_ENDPOINT_URL_DYNAMODB, options, (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
            response.once('end', () => resolve({ body: text.includes('Count') ? '{"queries":{}}' : text }));
          });
          request.once('error', reject);
          request.end(body);
        });`,
    loader: 'js',
  },
  outfile: floor,
  bundle: true,
  platform: 'node',
  format: 'cjs',
});
await bundleIfChanged();
const lean = fileURLToPath(new URL('../dist/lambdas/tls-api/index.js', import.meta.url));

interface Cpu {
  readonly cold: number; // µs
  readonly warm: number; // µs each
}

async function run(bundle: string): Promise<Cpu> {
  const arn = 'arn:aws:secretsmanager:local:111122223333:secret:x';
  const env = {
    NODE_NO_WARNINGS: '1',
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${PORT}`,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(secrets.address() as AddressInfo).port}`,
    TABLE_NAME: TABLE,
    RESULTS_STREAM_NAME: 'r',
    LOGS_STREAM_NAME: 'l',
    QUARANTINE_STREAM_NAME: 'q',
    ENROLL_SECRET_ARN: arn,
    NODE_KEY_SECRET_ARN: arn,
    SWEEP_EVERY_SECONDS: '60',
    URL_SUFFIX: 'amazonaws.com',
    NODE_KEY: signNodeKey({ host: 'i-0123456789abcdef0', epoch }, SECRET),
  };
  const script = [join(HERE, 'poll-function.js'), bundle, String(POLLS)];
  const { stdout } = await promisify(execFile)(process.execPath, script, { env });
  return JSON.parse(stdout);
}

const runs: { readonly before: Cpu; readonly after: Cpu; readonly floor: Cpu }[] = [];
for (let round = 0; round < ROUNDS; round++)
  runs.push({ before: await run(baseline), after: await run(lean), floor: await run(floor) });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
for (const [what, of] of [
  ['one idle poll', (cpu: Cpu) => cpu.warm],
  ['start and first poll', (cpu: Cpu) => cpu.cold],
] as const) {
  const before = median(runs.map((pair) => of(pair.before)));
  const after = median(runs.map((pair) => of(pair.after)));
  const ratio = median(runs.map((pair) => of(pair.before) / of(pair.after)));
  console.log(
    `${what.padEnd(20)} ${after.toFixed(0)} µs CPU with the short path, ${before.toFixed(0)} µs without: ${ratio.toFixed(1)} times less (medians of ${ROUNDS} pairs)`,
  );
}
const bare = median(runs.map((pair) => pair.floor.warm));
const toFloor = median(runs.map((pair) => pair.after.warm / pair.floor.warm));
console.log(
  `the bare request     ${bare.toFixed(0)} µs CPU with node:http, unsigned: the short path takes ${toFloor.toFixed(2)} times as much`,
);

client.destroy();
secrets.close();
database.kill();
await rm(folder, { recursive: true });
