import { PartitionsWithoutSdk } from '../../lib/aws/queue/partitions-without-sdk.ts';
import { AwsSecret } from '../../lib/aws/secrets/secrets.ts';
import { secretsWithoutSdk } from '../../lib/aws/secrets/secrets-without-sdk.ts';
import { IdleReads, type WholeApi } from '../../lib/core/osquery/idle-reads.ts';
import { readEnv } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnv(process.env);
const load = () => import('./whole.ts');

const nodeKeySecret = new AwsSecret(
  env.NODE_KEY_SECRET_ARN,
  Date.now,
  secretsWithoutSdk(process.env, async (arn, stage) => (await load()).readSecret(arn, stage)),
);
let whole: Promise<WholeApi> | undefined;
const wholeApi = (): Promise<WholeApi> => {
  whole ??= load().then((module) => module.wholeApi(env, nodeKeySecret));
  return whole;
};

const reads = new IdleReads(
  {
    nodeKeySecret,
    queue: new PartitionsWithoutSdk(env.TABLE_NAME, process.env),
    attestation: { mode: env.ATTEST },
    now: Date.now,
  },
  wholeApi,
);

export const handler = createHandler(reads);
