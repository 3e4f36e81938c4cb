const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Shifts events to the present. Shifts all their ISO times by the same whole number of seconds, so that the last event
 * happens at `nowMs` and the intervals stay the same.
 */
export function moved<T extends object>(events: readonly T[], nowMs: number): T[] {
  const times = events.flatMap((event) => ('time' in event ? Date.parse(String(event.time)) : []));
  const lastMs = Math.max(...times);
  if (!Number.isFinite(lastMs)) return [...events]; // an event without a time happens when it is put
  const byMs = Math.floor((nowMs - lastMs) / 1000) * 1000;
  const text = JSON.stringify(events, (_, value) => (typeof value === 'string' ? later(value, byMs) : value));
  return JSON.parse(text);
}

function later(text: string, byMs: number): string {
  const [, seconds, fraction = '', zone] = TIME.exec(text) ?? [];
  if (seconds === undefined) return text;
  return `${new Date(Date.parse(`${seconds}Z`) + byMs).toISOString().slice(0, 19)}${fraction}${zone}`;
}
