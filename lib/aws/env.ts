import * as z from 'zod/mini';

const name = z.string().check(z.minLength(1));

/** The environment variables of every adapter of the table. */
export const TableEnv = {
  TABLE_NAME: name,
  /** `on` if a long-poll front reads hints. */
  WAKE_HINTS: z.optional(z.enum(['on', 'off'])),
};

export type TableVariables = z.infer<z.ZodMiniObject<typeof TableEnv>>;

/** The environment variables of `FirehoseSink`. */
export const SinkEnv = { RESULTS_STREAM_NAME: name, LOGS_STREAM_NAME: name, QUARANTINE_STREAM_NAME: name };
