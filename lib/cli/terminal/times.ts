import { InvalidArgumentError } from 'commander';
import { CommandError } from '../errors/command-error.ts';
import { when } from './print.ts';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
const SPAN = /^([1-9]\d{0,6})([smhdw])( ago)?$/;
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?( ?Z| ?[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/;
/** Longer than any ledger keeps. The index reads day by day, so a longer span costs reads and finds nothing. */
const MAX_DAYS = 3650;

/** How a time can be written, for the help of an option. */
export const TIMES =
  '90m, 24h, 7d or 1w ago; today; yesterday; 2026-11-01; "2026-11-01 10:00Z"; without Z or an offset in local time';

/** A time as written, or the whole day of a date. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Parses a time in the past, to epoch milliseconds: a span before now, `now`, `today`, `yesterday`, a date, or a date with a
 * time. It accepts every time that a command prints. A day begins at midnight. Without `Z` or an offset, times are local.
 *
 * @throws {InvalidArgumentError} for a time in the future, and for one more than ten years ago
 * @example pastTime('24h'); pastTime('yesterday'); pastTime('2026-11-01 10:00:00Z')
 */
export function pastTime(text: string): number {
  const nowMs = Date.now();
  const { fromMs } = spanOf(text, nowMs);
  if (fromMs > nowMs) throw new InvalidArgumentError('This time is in the future.');
  if (fromMs < nowMs - MAX_DAYS * UNIT_MS.d) throw new InvalidArgumentError(`At most ${MAX_DAYS} days ago.`);
  return fromMs;
}

/** Parses the end of a span, like `pastTime`: a day is included whole, as far as it is over. */
export function untilTime(text: string): number {
  pastTime(text);
  const nowMs = Date.now();
  return Math.min(spanOf(text, nowMs).untilMs, nowMs);
}

/** @throws {CommandError} if a span ends before it begins; nothing could be in it */
export function checkSpan(fromMs: number, untilMs: number): void {
  if (fromMs <= untilMs) return;
  throw new CommandError('COMMAND_LINE_INVALID', `--until (${when(untilMs)}) is before --since (${when(fromMs)})`, {
    next: 'choose an earlier --since, such as 1w, or a later --until',
  });
}

function spanOf(text: string, nowMs: number): Span {
  const [, amount, unit] = SPAN.exec(text) ?? [];
  if (unit) return at(nowMs - Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  switch (text) {
    case 'now':
      return at(nowMs);
    case 'today':
      return dayOf(new Date(nowMs), 0);
    case 'yesterday':
      return dayOf(new Date(nowMs), -1);
    default:
      return written(text);
  }
}

const at = (atMs: number): Span => ({ fromMs: atMs, untilMs: atMs });

/** A local day, from midnight to its last millisecond. Days at a change of the clocks have 23 or 25 hours. */
function dayOf(date: Date, days: number): Span {
  const midnight = (more: number) =>
    new Date(date.getFullYear(), date.getMonth(), date.getDate() + days + more).getTime();
  return { fromMs: midnight(0), untilMs: midnight(1) - 1 };
}

function written(text: string): Span {
  const [matched, year, month, day, hour, minute, second = '0', fraction = '', zone] = TIME.exec(text) ?? [];
  if (matched === undefined) throw new InvalidArgumentError(HOW);
  const numbers = [
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second),
  ];
  const [y = 0, mon = 0, d = 0, h = 0, min = 0, s = 0] = numbers;
  const utcMs = Date.UTC(y, mon, d, h, min, s);
  // JavaScript takes the 30th of February for the 2nd of March.
  if (new Date(utcMs).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${[h, min, s].map(two).join(':')}`)
    throw new InvalidArgumentError(HOW);
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  if (zone) return at(utcMs - offsetMs(zone.trim()) + ms);
  const local = new Date(y, mon, d, h, min, s, ms);
  return hour === undefined ? dayOf(local, 0) : at(local.getTime());
}

const two = (part: number): string => String(part).padStart(2, '0');

/** @example offsetMs('+01:30') // 5_400_000 */
function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * UNIT_MS.h + Number(minutes) * UNIT_MS.m);
}

const HOW =
  'Write 2026-11-01T10:00Z or "2026-11-01 10:00", with Z or an offset such as +01:00, or in local time without; ' +
  'a date, today or yesterday for a whole day; or 90m, 24h, 7d, 1w for a time before now.';
