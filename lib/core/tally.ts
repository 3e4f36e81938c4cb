import type { EventName, FieldsOf } from './log-events.ts';
import type { Report } from './report.ts';

/** Events whose field `count` says how often they happened. */
type CountedEvent = { [E in EventName]: FieldsOf<E> extends { readonly count: number } ? E : never }[EventName];

/** Reports that are gathered, to be passed on once with the sum of their counts. */
export interface Tally {
  readonly report: Report;
  /** Reports what has gathered. */
  flush(): void;
}

/** Gathers reports of these events: those with the same fields become one, whose `count` is the sum. Others pass at once. */
export function tally(events: ReadonlySet<CountedEvent>, report: Report): Tally {
  const gathered = new Map<string, { readonly send: (count: number) => void; readonly count: number }>();
  const counted: ReadonlySet<EventName> = events;
  return {
    report: (event, fields) => {
      if (!counted.has(event) || !('count' in fields)) return report(event, fields);
      const key = JSON.stringify([event, { ...fields, count: null }]);
      const before = gathered.get(key)?.count ?? 0;
      const send = (count: number): void => report(event, { ...fields, count });
      gathered.set(key, { send, count: before + Number(fields.count) });
    },
    flush: () => {
      for (const { send, count } of gathered.values()) send(count);
      gathered.clear();
    },
  };
}
