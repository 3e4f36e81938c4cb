export const T0 = Date.parse('2026-11-20T10:15:00Z'); // the day of the fixtures
export const SECOND = 1000;
export const MINUTE = 60_000;
