import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
/** Further back than any ledger keeps; each day would be asked for, to find nothing. */
const MOST_DAYS = 3650;

/** A span back from now, `24h`, or a time, a bare date being its midnight in UTC: epoch ms. @throws {InvalidArgumentError} */
export function pastTime(text: string): number {
  const [, amount, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const nowMs = Date.now();
  const atMs = unit ? nowMs - Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS] : time(text);
  if (atMs > nowMs) throw new InvalidArgumentError('That lies ahead.');
  if (atMs < nowMs - MOST_DAYS * UNIT_MS.d) throw new InvalidArgumentError(`At most ${MOST_DAYS} days.`);
  return atMs;
}

function time(text: string): number {
  const atMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // JavaScript takes the 30th of February for the 2nd of March.
  const day = Date.parse(`${text.slice(0, 10)}T00:00Z`);
  const isDay = Number.isFinite(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  if (Number.isFinite(atMs) && isDay) return atMs;
  throw new InvalidArgumentError(
    'Write 2026-11-01T10:00Z, with Z or an offset such as +01:00, a date alone for its midnight in UTC, or 90m, 24h, 7d for so long ago.',
  );
}
