import * as z from 'zod/mini';
import { TableEnv } from '../../lib/aws/table/table-env.ts';

const Env = z.object({ TABLE_NAME: TableEnv.TABLE_NAME });

/** Throws at cold start, naming every missing or malformed variable. */
export const readEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);
