import * as z from 'zod/mini';
import { BusEnv } from '../../lib/aws/coverage-events.ts';
import { TableEnv } from '../../lib/aws/env.ts';

const seconds = z.coerce.number().check(z.int(), z.positive());
const Env = z.object({
  ...TableEnv,
  ...BusEnv,
  NO_AGENT_AFTER_SECONDS: seconds,
  SWEEP_EVERY_SECONDS: seconds,
});

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);
