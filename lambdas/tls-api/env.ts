import * as z from 'zod/mini';
import { SinkEnv } from '../../lib/aws/firehose-sink.ts';
import { TableEnv } from '../../lib/aws/table.ts';

const arn = z.string().check(z.minLength(1));
const seconds = z.coerce.number().check(z.int(), z.positive());
const Env = z.object({
  ...TableEnv,
  ...SinkEnv,
  ENROLL_SECRET_ARN: arn,
  NODE_KEY_SECRET_ARN: arn,
  SWEEP_EVERY_SECONDS: seconds,
});

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);
