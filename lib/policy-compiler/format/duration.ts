import * as z from 'zod';

const SECONDS_OF = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const DURATION = /^([1-9][0-9]{0,5})([smhd])$/;

/** A duration such as `90s`, `10m`, `3h` or `7d`. */
export const Duration = z
  .string('must be a duration such as 90s, 10m or 3h')
  .regex(DURATION, 'must be a duration: a whole number with s, m, h or d, such as 90s, 10m or 3h');

export const DurationOrZero = z.union(
  [Duration, z.literal(0), z.literal('0'), z.literal('0s')],
  'must be a duration such as 90s, 10m or 3h, or 0',
);

/** The seconds of a valid duration. @example seconds('10m') // 600 */
export function seconds(duration: string | 0): number {
  const [, amount, unit] = DURATION.exec(String(duration)) ?? [];
  return unit ? Number(amount) * SECONDS_OF[unit as keyof typeof SECONDS_OF] : 0;
}
