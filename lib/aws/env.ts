import * as z from 'zod/mini';

const name = z.string().check(z.minLength(1));

/** The environment variables of every adapter of the table. */
export const TableEnv = {
  TABLE_NAME: name,
  /** `on` if a long-poll front reads hints. */
  WAKE_HINTS: z.optional(z.enum(['on', 'off'])),
  /** `distributed_interval` of all agents behind a long-poll front, seconds. */
  DISTRIBUTED_INTERVAL: z.optional(z.enum(['0', '1'])),
};

export type TableVariables = z.infer<z.ZodMiniObject<typeof TableEnv>>;

/** `distributed_interval` of all agents behind a long-poll front, seconds; undefined behind the other front. */
export const heldEverySecondsIn = ({ DISTRIBUTED_INTERVAL: seconds }: TableVariables): number | undefined =>
  seconds === undefined ? undefined : Number(seconds);

/** The environment variables of `FirehoseSink`. */
export const SinkEnv = { RESULTS_STREAM_NAME: name, LOGS_STREAM_NAME: name, QUARANTINE_STREAM_NAME: name };
