import type { EventName, FieldsOf } from './log-events.ts';
import type { Report } from './report.ts';

/** Events whose field `count` says how often they happened. */
type CountedEvent = { [E in EventName]: FieldsOf<E> extends { readonly count: number } ? E : never }[EventName];

/** Collects reports and sums their counts. */
export interface Tally {
  readonly report: Report;
  /** Sends the collected reports. */
  flush(): void;
}

/** Collects reports of these events: reports with equal fields become one with the summed `count`. Other events are sent at once. */
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
