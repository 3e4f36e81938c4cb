import { type AgentStore, bytewise } from './store.ts';

export type LogType = 'result' | 'status';

/** The log lines that a node has not delivered yet, in its database, under osquery's keys. */
export class LogBuffer {
  /** Restarts with the process. It is not padded, so the key order within a second is not chronological. */
  private lines = 0;

  constructor(private readonly store: AgentStore) {}

  add(type: LogType, line: string, unixSeconds: number): void {
    this.store.logs.set(`${type === 'result' ? 'r' : 's'}_${unixSeconds}_${++this.lines}`, line);
  }

  /** The first `limit` keys, results before statuses. */
  first(limit: number): Record<LogType, string[]> {
    const keys = [...this.store.logs.keys()].sort(bytewise).slice(0, limit);
    return { result: keys.filter((key) => key.startsWith('r')), status: keys.filter((key) => key.startsWith('s')) };
  }

  line(key: string): string {
    return this.store.logs.get(key) ?? '';
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) this.store.logs.delete(key);
  }

  /** Drops the oldest lines beyond `limit`; 0 means no limit. */
  purge(limit: number): void {
    const excess = this.store.logs.size - limit;
    if (limit <= 0 || excess <= 0) return;
    const byAge = [...this.store.logs.keys()].sort((a, b) => bytewise(a.slice(2), b.slice(2)));
    this.delete(byAge.slice(0, excess));
  }
}
