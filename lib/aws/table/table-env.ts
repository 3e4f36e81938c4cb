import * as z from 'zod/mini';

/** The environment variables of every adapter of the table. */
export const TableEnv = {
  TABLE_NAME: z.string().check(z.minLength(1)),
  /** `on` if a long-poll front reads hints. */
  WAKE_HINTS: z.optional(z.enum(['on', 'off'])),
  /** `distributed_interval` of all agents behind a long-poll front, seconds. */
  DISTRIBUTED_INTERVAL: z.optional(z.enum(['0', '1'])),
};

export type TableVariables = z.infer<z.ZodMiniObject<typeof TableEnv>>;

/** `distributed_interval` of all agents behind a long-poll front, seconds; undefined behind the other front. */
export const heldEverySecondsIn = ({ DISTRIBUTED_INTERVAL: seconds }: TableVariables): number | undefined =>
  seconds === undefined ? undefined : Number(seconds);
