import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
/** Further back than any ledger keeps; each day would be asked for, to find nothing. */
const MOST_DAYS = 3650;

/** A span back from now, `24h`, or the time it begins at: epoch ms. @throws {InvalidArgumentError} */
export function since(text: string): number {
  const [, amount, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const nowMs = Date.now();
  const sinceMs = unit
    ? nowMs - Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
    : past(text, ', or 90m, 24h, 7d');
  if (sinceMs < nowMs - MOST_DAYS * UNIT_MS.d) throw new InvalidArgumentError(`At most ${MOST_DAYS} days.`);
  return sinceMs;
}

/** A time as epoch ms. @throws {InvalidArgumentError} for one that is no time, or lies ahead */
export const pastTime = (text: string): number => past(text, '');

function past(text: string, other: string): number {
  const atMs = time(text, other);
  if (atMs > Date.now()) throw new InvalidArgumentError('That lies ahead.');
  return atMs;
}

function time(text: string, other: string): number {
  const atMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript takes the 30th of February for the 2nd of March.
  const day = Date.parse(`${text.slice(0, 10)}T00:00Z`);
  const isDay = Number.isFinite(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  if (!Number.isFinite(atMs) || !isDay) {
    throw new InvalidArgumentError(`Write 2026-11-01T10:00Z, with Z or an offset such as +01:00${other}.`);
  }
  return atMs;
}
