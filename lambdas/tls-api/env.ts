import * as z from 'zod/mini';
import { AgentVariables } from '../../lib/aws/tls-api-env.ts';

const Variables = z.object({ ...AgentVariables, URL_SUFFIX: z.string().check(z.minLength(1)) });
export type Env = z.infer<typeof Variables>;

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): Env => Variables.parse(source);
