import type { HostState } from '../state/host-state.ts';
import { columns, type Table } from './table.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const SHORT_DAYS = WEEKDAYS.map((day) => day.slice(0, 3));
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "Mon Oct  6 12:34:56 2025 UTC": C's asctime, as osquery's `calendarTime` and `time.timestamp`. */
export function calendarTime(atMs: number): string {
  const date = new Date(atMs);
  const day = String(date.getUTCDate()).padStart(2);
  const clock = date.toISOString().slice(11, 19);
  return `${SHORT_DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${clock} ${date.getUTCFullYear()} UTC`;
}

const time: Table<HostState> = {
  name: 'time',
  columns: columns(`weekday year:i month:i day:i hour:i minutes:i seconds:i timezone local_timezone unix_time:i
    timestamp datetime iso_8601 win_timestamp:b~`),
  rows: ({ host }) => {
    const nowMs = host.clock.now();
    const date = new Date(nowMs);
    const iso = `${date.toISOString().slice(0, 19)}Z`;
    return [
      {
        weekday: WEEKDAYS[date.getUTCDay()],
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minutes: date.getUTCMinutes(),
        seconds: date.getUTCSeconds(),
        timezone: 'UTC',
        local_timezone: 'UTC',
        unix_time: Math.floor(nowMs / 1000),
        timestamp: calendarTime(nowMs),
        datetime: iso,
        iso_8601: iso,
      },
    ];
  },
};

const uptime: Table<HostState> = {
  name: 'uptime',
  columns: columns('days:i hours:i minutes:i seconds:i total_seconds:b'),
  rows: ({ host }) => {
    const total = Math.floor((host.clock.now() - host.bootedAtMs) / 1000);
    return [
      {
        days: Math.floor(total / 86_400),
        hours: Math.floor(total / 3600) % 24,
        minutes: Math.floor(total / 60) % 60,
        seconds: total % 60,
        total_seconds: total,
      },
    ];
  },
};

export const TIME_TABLES: readonly Table<HostState>[] = [time, uptime];
