import type { Row } from '../host/sql-engine.ts';
import { assertRunning } from '../simulation/clock.ts';
import type { ConfigKeeper } from './config.ts';
import type { Decorators } from './decorators.ts';
import { type Logger, SEVERITY } from './logger.ts';
import {
  batchLine,
  difference,
  eventLines,
  type LineHeader,
  snapshotEventLines,
  snapshotLine,
} from './result-lines.ts';
import type { ScheduledQuery } from './schedule.ts';
import { unixTime, type WorkerContext, WorkerCrash } from './worker-context.ts';

/** For how long a node skips a scheduled query after a worker died running it. */
const DENYLIST_SECONDS = 86_400;

/** Runs the scheduled queries at instants aligned to unix time. */
export class Scheduler {
  /** Names of the queries that ran in this process. */
  private readonly ran = new Set<string>();
  /** Denylisted names this process has logged a warning for. */
  private readonly warned = new Set<string>();
  private readonly discovered = new Map<string, { readonly atSeconds: number; readonly runs: boolean }>();

  constructor(
    private readonly worker: WorkerContext,
    private readonly config: ConfigKeeper,
    private readonly logger: Logger,
    private readonly decorators: Decorators,
  ) {}

  /** Runs one step per second until the worker ends. After a slow step it catches up. */
  async run(): Promise<void> {
    const { clock, signal } = this.worker;
    this.denylistFailed();
    const startedAtMs = clock.now();
    const first = unixTime(clock);
    for (let step = 0; ; step++) {
      this.step(first + step);
      await clock.sleep(startedAtMs + (step + 1) * 1000 - clock.now(), signal);
    }
  }

  private step(second: number): void {
    for (const query of this.config.schedule) {
      assertRunning(this.worker.signal);
      const due = second % this.splayed(query) === 0 || (query.atStart && !this.ran.has(query.name));
      if (due && !this.isDenylisted(query) && this.runsHere(query, second)) this.execute(query);
    }
    this.decorators.tick(second);
    if (second % 3 === 0) this.logger.relay();
  }

  /** If the last worker died running a scheduled query, skips that query for a day. */
  private denylistFailed(): void {
    const { clock, flags, store } = this.worker;
    const { executing } = store;
    if (executing === undefined) return;
    store.executing = undefined;
    this.logger.status(SEVERITY.warning, 'config.cpp:363', `Scheduled query may have failed: ${executing}`);
    if (!flags.get('disable_watchdog')) store.denylist.set(executing, unixTime(clock) + DENYLIST_SECONDS);
  }

  private isDenylisted({ name, sql, denylist }: ScheduledQuery): boolean {
    const { clock, store } = this.worker;
    const until = store.denylist.get(name);
    if (until === undefined) return false;
    if (unixTime(clock) > until || !denylist || sql.includes('_events')) {
      this.logger.status(SEVERITY.info, 'config.cpp:495', `Scheduled denylisted query has expired: ${name}`);
      store.denylist.delete(name);
      this.warned.delete(name);
      return false;
    }
    if (this.warned.has(name)) return true;
    this.warned.add(name);
    const message = `The caller does not want denied queries, skipping denied scheduled query: ${name}`;
    this.logger.status(SEVERITY.warning, 'config.cpp:509', message);
    return true;
  }

  private execute(query: ScheduledQuery): void {
    const { faults, host, notify, store } = this.worker;
    this.ran.add(query.name);
    this.decorators.beforeQuery();
    store.executing = query.name;
    if (faults.crashDuring(query.sql)) throw new WorkerCrash(`watchdog: scheduled query ${query.name}`);
    const answer = host.query(query.sql, this.worker.facts());
    store.executing = undefined;
    notify({
      kind: 'schedule-executed',
      name: query.name,
      rows: answer.ok ? answer.rows.length : 0,
      message: answer.ok ? '' : answer.message,
    });
    if (answer.ok) this.logger.results(this.linesOf(query, answer.rows));
    else {
      const message = `Error executing scheduled query ${query.name}: ${answer.message}`;
      this.logger.status(SEVERITY.error, 'scheduler.cpp:133', message);
    }
  }

  private linesOf(query: ScheduledQuery, rows: readonly Row[]): string[] {
    const { clock, flags, hostIdentifier, store } = this.worker;
    const epoch = flags.get('schedule_epoch');
    const header: LineHeader = {
      name: query.name,
      hostIdentifier,
      atMs: clock.now(),
      epoch,
      decorations: this.decorators.current(),
      decorationsTopLevel: flags.get('decorations_top_level'),
    };
    if (query.snapshot) {
      const asEvents = flags.get('logger_snapshot_event_type');
      return asEvents ? snapshotEventLines(header, rows) : [snapshotLine(header, rows)];
    }
    const found = difference(store.queries.get(query.name), query.sql, epoch, rows);
    store.queries.set(query.name, found.state);
    const reported = query.removed ? found : { ...found, removed: [] };
    if (flags.get('logger_event_type')) return eventLines(header, reported);
    const silent = reported.added.length === 0 && reported.removed.length === 0 && reported.counter !== 0;
    return silent ? [] : [batchLine(header, reported)];
  }

  /** The query's interval on this node: the configured one, moved by up to `schedule_splay_percent`. */
  private splayed({ name, interval }: ScheduledQuery): number {
    const { flags, random, store } = this.worker;
    const kept = store.splays.get(name);
    if (kept?.interval === interval) return kept.splayed;
    const asked = flags.get('schedule_splay_percent');
    const percent = asked <= 1 ? 10 : asked; // osquery has no schedule without splay
    const splayed = splay(interval, percent, random.fork(`splay ${name} ${interval}`).next());
    store.splays.set(name, { interval, splayed });
    return splayed;
  }

  /** Whether every discovery query of the query's pack returned a row, cached for `pack_refresh_interval`. */
  private runsHere({ pack, discovery }: ScheduledQuery, second: number): boolean {
    if (pack === null || discovery.length === 0) return true;
    const known = this.discovered.get(pack);
    if (known && second - known.atSeconds < this.worker.flags.get('pack_refresh_interval')) return known.runs;
    const runs = discovery.every((sql) => {
      const answer = this.worker.host.query(sql, this.worker.facts());
      return answer.ok && answer.rows.length > 0;
    });
    this.discovered.set(pack, { atSeconds: second, runs });
    return runs;
  }
}

/**
 * An interval moved by up to `percent` in either direction.
 *
 * @param seconds at least 1
 * @param chance from 0 to 1: position in the range
 */
export function splay(seconds: number, percent: number, chance: number): number {
  const reach = Math.floor((seconds * percent) / 100);
  const shortest = Math.max(1, seconds - reach);
  return shortest + Math.floor(chance * (seconds + reach - shortest + 1));
}
