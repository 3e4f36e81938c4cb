import type { Report } from './report.ts';

/** Reports that wait, to be told once with the sum of their counts. */
export interface Tally {
  readonly report: Report;
  /** Tells what has gathered. */
  tell(): void;
}

/** Gathers reports of these events: those with the same fields are one, whose `count` is the sum. Others pass at once. */
export function tally(events: ReadonlySet<string>, report: Report): Tally {
  const gathered = new Map<string, { event: string; fields: Readonly<Record<string, unknown>>; count: number }>();
  return {
    report: (event, fields) => {
      if (!events.has(event)) return report(event, fields);
      const { count, ...others } = fields;
      const key = JSON.stringify([event, others]);
      const before = gathered.get(key)?.count ?? 0;
      gathered.set(key, { event, fields: others, count: before + Number(count ?? 1) });
    },
    tell: () => {
      for (const { event, fields, count } of gathered.values()) report(event, { ...fields, count });
      gathered.clear();
    },
  };
}
