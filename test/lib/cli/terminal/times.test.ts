import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { when } from '../../../../lib/cli/terminal/print.ts';
import { pastTime, untilTime } from '../../../../lib/cli/terminal/times.ts';
import { T0 } from '../../../support/times.ts';

const HOUR = 3_600_000;
/** 12:00 of a local day, so that no zone puts it into another one. */
const NOON = new Date(2026, 10, 20, 12).getTime();
const local = (...parts: [number, number, number, number?, number?, number?, number?]) => new Date(...parts).getTime();

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(NOON);
});
afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.MAYFLY_TIMES;
});

describe('a time on the command line', () => {
  it.each([
    ['90s', 90_000],
    ['90m', 1.5 * HOUR],
    ['2h', 2 * HOUR],
    ['3d', 72 * HOUR],
    ['1w', 168 * HOUR],
    ['1w ago', 168 * HOUR],
    ['now', 0],
  ])('can be a span before now: %s', (text, beforeMs) => {
    expect(NOON - pastTime(text)).toBe(beforeMs);
  });

  it.each([
    ['2026-11-01T10:00Z', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01 10:00Z', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01 02:54:58Z', '2026-11-01T02:54:58.000Z'],
    ['2026-11-01T02:54:58.910Z', '2026-11-01T02:54:58.910Z'],
    ['2026-11-01T02:54:58.91013425Z', '2026-11-01T02:54:58.910Z'],
    ['2026-11-01T10:00+01:00', '2026-11-01T09:00:00.000Z'],
    ['2026-11-01 10:00:00 -0330', '2026-11-01T13:30:00.000Z'],
  ])('can name its zone: %s', (text, iso) => {
    expect(new Date(pastTime(text)).toISOString()).toBe(iso);
    expect(untilTime(text)).toBe(pastTime(text));
  });

  it.each([
    ['2026-11-01 10:00', local(2026, 10, 1, 10)],
    ['2026-11-01T10:00:30.5', local(2026, 10, 1, 10, 0, 30, 500)],
  ])('is local without a zone: %s', (text, atMs) => {
    expect([pastTime(text), untilTime(text)]).toEqual([atMs, atMs]);
  });

  it.each([
    ['yesterday', local(2026, 10, 19), local(2026, 10, 20) - 1],
    ['2026-11-01', local(2026, 10, 1), local(2026, 10, 2) - 1],
    ['today', local(2026, 10, 20), NOON],
  ])('can be a local day, which --until includes as far as it is over: %s', (text, fromMs, untilMs) => {
    expect([pastTime(text), untilTime(text)]).toEqual([fromMs, untilMs]);
  });

  it.each([false, true])('can be pasted from the output of a command; in local time: %s', (isLocal) => {
    if (isLocal) process.env.MAYFLY_TIMES = 'local';
    const earlierMs = T0 - 9 * 24 * HOUR;
    expect(when(earlierMs)).toMatch(isLocal ? /^2026-11-1\d \d\d:\d\d:00[+-]\d\d:\d\d$/ : /^2026-11-11 10:15:00Z$/);
    expect(pastTime(when(earlierMs))).toBe(earlierMs);
    expect(pastTime(new Date(earlierMs).toISOString())).toBe(earlierMs);
  });

  it.each([
    ['', 'Write 2026-11-01T10:00Z'],
    ['tomorrow', 'Write 2026-11-01T10:00Z'],
    ['0h', 'Write 2026-11-01T10:00Z'],
    ['2026-02-30', 'Write 2026-11-01T10:00Z'],
    ['2026-11-01 24:00', 'Write 2026-11-01T10:00Z'],
    ['2026-11-01 10:00+25:00', 'Write 2026-11-01T10:00Z'],
    ['2026-11-01T10', 'Write 2026-11-01T10:00Z'],
    ['2026-11-22', 'This time is in the future'],
    ['600w', 'At most 3650 days ago'],
  ])('is rejected with what is allowed: %j', (text, message) => {
    expect(() => pastTime(text)).toThrow(message);
    expect(() => untilTime(text)).toThrow(message);
  });
});
