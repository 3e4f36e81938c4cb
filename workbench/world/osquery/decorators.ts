import { type Json, JsonObject } from './json.ts';
import type { WorkerContext } from './worker-context.ts';

/** When a decorator's queries run: with each configuration, before each scheduled query, or every n seconds. */
type Source = 'load' | 'always' | number;

/** Columns added to every log line: the first rows of the configuration's decorator queries. */
export class Decorators {
  private queries: { readonly source: Source; readonly sql: string }[] = [];
  private readonly values = new Map<string, Record<string, string>>();

  constructor(private readonly worker: WorkerContext) {}

  /** Replaces all decorators with a configuration's and runs its `load` queries. */
  apply(decorators: Json | undefined): void {
    this.queries = [];
    this.values.clear();
    if (!(decorators instanceof JsonObject) || this.worker.flags.get('disable_decorators')) return;
    this.add('load', decorators.get('load'));
    this.add('always', decorators.get('always'));
    const intervals = decorators.get('interval');
    for (const [seconds, list] of intervals instanceof JsonObject ? intervals.members : []) {
      if (Number(seconds) > 0 && Number(seconds) % 60 === 0) this.add(Number(seconds), list);
    }
    this.run((source) => source === 'load');
  }

  beforeQuery(): void {
    this.run((source) => source === 'always');
  }

  /** Call it every second; interval decorators run only on whole minutes. */
  tick(unixSeconds: number): void {
    if (unixSeconds % 60 === 0) this.run((source) => typeof source === 'number' && unixSeconds % source === 0);
  }

  /** The current columns, sorted by name. */
  current(): Record<string, string> {
    const all = [...this.values.values()].flatMap((row) => Object.entries(row));
    return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private add(source: Source, list: Json | undefined): void {
    for (const sql of Array.isArray(list) ? list : []) {
      if (typeof sql === 'string') this.queries.push({ source, sql });
    }
  }

  private run(due: (source: Source) => boolean): void {
    for (const { source, sql } of this.queries.filter((query) => due(query.source))) {
      const answer = this.worker.host.query(sql, this.worker.facts());
      if (answer.ok && answer.rows[0]) this.values.set(`${source} ${sql}`, answer.rows[0]);
    }
  }
}
