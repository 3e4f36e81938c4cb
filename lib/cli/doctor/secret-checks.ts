import type { Versions } from '../secret/secrets.ts';
import { type Check, checksOf } from './check.ts';

const DAY_MS = 86_400_000;
/** A rotation takes as long as hosts need to get the new value. */
const RETIRE_AFTER_DAYS = 30;
const OLD_AFTER_DAYS = 365;

/**
 * Judges one secret.
 *
 * @param command how `mayfly secret` names it, such as ` web --stack Mayfly`
 */
export function judgeSecret(name: string, { current, previous }: Versions, command: string, nowMs: number): Check {
  const { ok, warn, fail } = checksOf('secret');
  const daysSince = (atMs: number): number => Math.floor((nowMs - atMs) / DAY_MS);
  if (!current) return fail(`${name}: it has no current value`, `npx mayfly secret rotate${command}`);
  const age = daysSince(current.createdAtMs);
  if (previous && age >= RETIRE_AFTER_DAYS)
    return warn(
      `${name}: rotated ${age} days ago, and the previous value is still accepted`,
      `when every host has the new one: npx mayfly secret retire${command}`,
    );
  if (age >= OLD_AFTER_DAYS) return warn(`${name}: ${age} days old`, `npx mayfly secret rotate${command}`);
  return ok(`${name}: ${age} days old${previous ? ', and the previous value is accepted too' : ''}`);
}
