/** An instant in JSON: ISO 8601 in UTC, or null. */
export const isoOf = (atMs: number | undefined): string | null =>
  atMs === undefined ? null : new Date(atMs).toISOString();

/**
 * A record for JSON: each of its own `…AtMs` becomes `…At`, in ISO 8601. Members of its members stay as they are, because
 * they may come from a host or an event.
 *
 * @example withIsoTimes({ version: 1, pushedAtMs: 0 }) // { version: 1, pushedAt: '1970-01-01T00:00:00.000Z' }
 */
export const withIsoTimes = (record: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) =>
      name.endsWith('AtMs') && typeof value === 'number' ? [name.slice(0, -2), isoOf(value)] : [name, value],
    ),
  );
