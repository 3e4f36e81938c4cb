import * as z from 'zod/mini';
import { TableEnv } from '../../lib/aws/table.ts';

const Env = z.object(TableEnv);

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);
