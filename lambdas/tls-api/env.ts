import * as z from 'zod/mini';
import { SinkEnv } from '../../lib/aws/firehose-sink.ts';
import { TableEnv } from '../../lib/aws/table.ts';
import type { Trust } from '../../lib/core/attest/trust.ts';

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
});

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);

const Attestation = z.object({
  ATTEST: z._default(z.enum(['off', 'preferred', 'required']), 'off'),
  ATTEST_ACCOUNTS: z._default(z.string(), ''),
  ATTEST_CERTIFICATES: z._default(z.string(), '{}'),
  AWS_REGION: z.optional(z.string()), // Lambda's own
});
const Certificates = z.record(z.string(), z.string());

/** The accounts whose instance identity documents are accepted. Throws at cold start, as above. */
export function readTrust(source: NodeJS.ProcessEnv): Trust {
  const env = Attestation.parse(source);
  return {
    mode: env.ATTEST,
    accounts: env.ATTEST_ACCOUNTS.split(',').filter(Boolean),
    region: env.AWS_REGION,
    certificates: Certificates.parse(JSON.parse(env.ATTEST_CERTIFICATES)),
  };
}
