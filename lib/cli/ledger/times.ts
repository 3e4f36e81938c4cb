import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
/** Longer than any ledger keeps. The index reads day by day, so a longer span costs reads and finds nothing. */
const MAX_DAYS = 3650;

/**
 * Parses a span before now or a time, to epoch milliseconds. A date without a time is midnight UTC.
 *
 * @throws {InvalidArgumentError} for a time in the future, and for one more than ten years ago
 * @example pastTime('24h'); pastTime('2026-11-01T10:00Z')
 */
export function pastTime(text: string): number {
  const [, amount, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const nowMs = Date.now();
  const atMs = unit ? nowMs - Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS] : time(text);
  if (atMs > nowMs) throw new InvalidArgumentError('This time is in the future.');
  if (atMs < nowMs - MAX_DAYS * UNIT_MS.d) throw new InvalidArgumentError(`At most ${MAX_DAYS} days ago.`);
  return atMs;
}

function time(text: string): number {
  const atMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript parses the 30th of February as the 2nd of March.
  const day = Date.parse(`${text.slice(0, 10)}T00:00Z`);
  const isDay = Number.isFinite(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  if (Number.isFinite(atMs) && isDay) return atMs;
  throw new InvalidArgumentError(
    'Write 2026-11-01T10:00Z, with Z or an offset such as +01:00; a date without a time for midnight UTC; or 90m, 24h, 7d for a time before now.',
  );
}
