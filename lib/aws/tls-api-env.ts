import * as z from 'zod/mini';
import { SinkEnv } from './results/sink-env.ts';
import { TableEnv } from './table/table-env.ts';

const arn = z.string().check(z.minLength(1));
const seconds = z.coerce.number().check(z.int(), z.positive());
/** Name → ARN, written as `name=ARN` with blanks between them. */
const namedArns = z.pipe(
  z.optional(z.string()),
  z.transform((text = '') =>
    [...text.matchAll(/([a-z0-9-]+)=(\S+)/g)].map(([, name = '', arn = '']) => [name, arn] as const),
  ),
);
/** The variables of the function or process that answers agents. */
export const AgentVariables = {
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
};
const Env = z.object(AgentVariables);
export type AgentEnv = z.infer<typeof Env>;

/** Throws at the start, naming every missing or malformed variable. */
export const readAgentEnv = (source: NodeJS.ProcessEnv): AgentEnv => Env.parse(source);
