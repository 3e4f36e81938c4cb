import { LightPartitions } from '../../lib/aws/queue/partitions-without-sdk.ts';
import { AwsSecret } from '../../lib/aws/secrets/secrets.ts';
import { lightSecrets } from '../../lib/aws/secrets/secrets-without-sdk.ts';
import { IdleReads, type WholeApi } from '../../lib/core/osquery/idle-reads.ts';
import { readEnv } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnv(process.env);
const load = () => import('./whole.ts');

const nodeKeySecret = new AwsSecret(
  env.NODE_KEY_SECRET_ARN,
  Date.now,
  lightSecrets(process.env, async (arn, stage) => (await load()).readSecret(arn, stage)),
);
let whole: Promise<WholeApi> | undefined;
const wholeApi = (): Promise<WholeApi> => {
  whole ??= load().then((module) => module.wholeApi(env, nodeKeySecret));
  return whole;
};

const reads = new IdleReads(
  {
    nodeKeySecret,
    queue: new LightPartitions(env.TABLE_NAME, process.env),
    attestation: { mode: env.ATTEST },
    now: Date.now,
  },
  wholeApi,
);

export const handler = createHandler(reads);
