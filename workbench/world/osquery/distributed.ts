import { createHash } from 'node:crypto';
import type { Row, SqlAnswer } from '../host/sql-engine.ts';
import type { Client } from './client.ts';
import { type Json, JsonNumber, JsonObject } from './json.ts';
import { type Logger, SEVERITY } from './logger.ts';
import { bytewise } from './store.ts';
import { memoryOf, type Watchdog } from './watchdog.ts';
import { unixTime, type WorkerContext, WorkerCrash } from './worker-context.ts';

/** While accelerated, osquery pauses 5 s, even if its interval is shorter. */
const ACCELERATED_SECONDS = 5;

/** The copies of a body in memory: the document, its text and the request. */
const BODY_COPIES = 3;

/** A finished query, kept in memory until the server has received it. */
interface Result {
  readonly id: string;
  readonly status: 0 | 1;
  readonly message: string;
  readonly rows: readonly Row[];
}

interface DistributedParts {
  readonly logger: Logger;
  readonly watchdog: Watchdog;
  /** How long a query takes on this host, in milliseconds. */
  readonly durationMs: (sql: string) => number;
}

/** Reads queries from the server, runs them one after another, and writes all results in one request. */
export class DistributedRunner {
  private readonly logger: Logger;
  private readonly watchdog: Watchdog;
  private readonly durationMs: (sql: string) => number;
  private results: Result[] = [];
  /** Memory of the held results, in bytes. */
  private heldBytes = 0;
  /** Cost of the last run of each id; cleared with the results. */
  private readonly stats = new Map<string, object>();

  constructor(
    private readonly worker: WorkerContext,
    private readonly client: Client,
    { logger, watchdog, durationMs }: DistributedParts,
  ) {
    this.logger = logger;
    this.watchdog = watchdog;
    this.durationMs = durationMs;
  }

  /** Runs until the worker ends. The pause follows the work. */
  async run(): Promise<void> {
    const { clock, flags, signal, store } = this.worker;
    for (;;) {
      await this.read();
      for (const id of [...store.pendingQueries.keys()].sort(bytewise)) await this.execute(id);
      if (this.results.length > 0) await this.write();
      this.forgetExpiredMarks();
      const accelerated = unixTime(clock) <= (store.accelerateUntil ?? 0);
      const pauseSeconds = accelerated ? ACCELERATED_SECONDS : flags.get('distributed_interval');
      await clock.sleep(pauseSeconds * 1000, signal);
    }
  }

  private async read(): Promise<void> {
    const attempts = this.worker.flags.get('distributed_tls_max_attempts');
    const reply = await this.client.goN({ endpoint: 'read', members: '' }, attempts);
    if ('document' in reply && reply.document instanceof JsonObject) this.accept(reply.document);
  }

  /** Accepts a response's queries: none if discovery fails, otherwise all before the first bad entry. */
  private accept(document: JsonObject): void {
    const { notify, store } = this.worker;
    const accepted: string[] = [];
    try {
      const wanted = this.discover(document.get('discovery'));
      for (const [id, sql] of entriesOf(document.get('queries'))) {
        if (wanted.get(id) === false) notify({ kind: 'discovery-skipped', id });
        else {
          store.pendingQueries.set(id, sql);
          accepted.push(id);
        }
      }
      notify({ kind: 'polled', queries: accepted, accelerateSeconds: this.accelerate(document.get('accelerate')) });
    } catch (error) {
      if (!(error instanceof BadWork)) throw error;
      if (accepted.length > 0) notify({ kind: 'polled', queries: accepted, accelerateSeconds: null });
      notify({ kind: 'work-rejected', reason: error.message });
    }
  }

  /** For each id, whether its discovery query returned a row. */
  private discover(discovery: Json | undefined): Map<string, boolean> {
    const wanted = new Map<string, boolean>();
    for (const [id, sql] of entriesOf(discovery)) {
      if (this.worker.faults.crashDuring(sql)) throw new WorkerCrash(`watchdog: discovery ${id}`); // leaves no mark
      const answer = this.query(sql);
      if (!answer.ok) throw new BadWork(`discovery query of ${id}: ${answer.message}`);
      if (!wanted.has(id)) wanted.set(id, answer.rows.length > 0);
    }
    return wanted;
  }

  private accelerate(seconds: Json | undefined): number | null {
    if (!(seconds instanceof JsonNumber) || !seconds.isInt32) return null;
    const message = `Accelerating distributed query checkins for ${seconds.value} seconds`;
    this.logger.status(SEVERITY.info, 'distributed.cpp:407', message);
    this.worker.store.accelerateUntil = unixTime(this.worker.clock) + seconds.value;
    return seconds.value;
  }

  /** Deletes a query from the database before running it: it runs once, or never if the worker dies. */
  private async execute(id: string): Promise<void> {
    const { clock, faults, flags, notify, signal, store } = this.worker;
    const sql = store.pendingQueries.get(id) ?? '';
    store.pendingQueries.delete(id);
    const mark = createHash('sha256').update(sql).digest('hex');
    if (this.denylisted(mark)) {
      this.results.push({ id, status: 1, message: 'distributed query is denylisted', rows: [] });
      return notify({ kind: 'query-denylisted', id, sql });
    }
    if (!store.running.has(mark)) store.running.set(mark, unixTime(clock));
    if (flags.get('distributed_loginfo')) {
      this.logger.status(SEVERITY.info, 'distributed.cpp:192', `Executing distributed query: ${id}: ${sql}`);
    }
    const durationMs = this.durationMs(sql);
    await clock.sleep(durationMs, signal);
    if (faults.crashDuring(sql)) throw new WorkerCrash(`watchdog: distributed query ${id}`);
    const answer = this.query(sql);
    store.running.delete(mark);
    const message = answer.ok ? '' : answer.message;
    const rows = answer.ok ? answer.rows : [];
    if (!answer.ok) {
      this.logger.status(SEVERITY.error, 'distributed.cpp:202', `Error executing distributed query: ${id}: ${message}`);
    }
    this.results.push({ id, status: answer.ok ? 0 : 1, message, rows });
    this.hold(this.heldBytes + memoryOf(rows));
    this.stats.set(id, {
      wall_time_ms: Math.round(durationMs),
      user_time: Math.round(durationMs / 2),
      system_time: 0,
      memory: 0,
    });
    notify({ kind: 'query-executed', id, sql, rows: rows.length, message, durationMs });
  }

  private hold(bytes: number): void {
    this.heldBytes = bytes;
    this.watchdog.holds('answers', bytes);
  }

  private query(sql: string): SqlAnswer {
    return this.worker.host.query(sql, this.worker.facts());
  }

  /** Writes all held results in one body; of two results for one id the later one wins. A failure keeps all of them. */
  private async write(): Promise<void> {
    const { flags, notify, profile } = this.worker;
    const byId = <T>(value: (result: Result) => T) => mapOf(this.results.map((result) => [result.id, value(result)]));
    const ids = [...new Set(this.results.map(({ id }) => id))];
    const members = [
      `"queries":${byId(({ rows }) => rows)}`,
      `"statuses":${byId(({ status }) => (profile.integerStatuses ? status : String(status)))}`,
      ...(profile.messages ? [`"messages":${byId(({ message }) => message)}`] : []),
      ...(profile.stats ? [`"stats":${byId(({ id }) => this.stats.get(id) ?? {})}`] : []),
    ].join(',');
    this.watchdog.holds('body', BODY_COPIES * members.length);
    const reply = await this.client.goN({ endpoint: 'write', members }, flags.get('distributed_tls_max_attempts'));
    this.watchdog.holds('body', 0);
    if ('failure' in reply) return notify({ kind: 'results-kept', ids, reason: reply.failure });
    this.results = [];
    this.hold(0);
    this.stats.clear();
    notify({ kind: 'results-written', ids });
  }

  /** If the mark of some SQL still exists when the SQL comes again, a worker died running it. */
  private denylisted(mark: string): boolean {
    const { profile, store } = this.worker;
    const startedAt = store.running.get(mark);
    return profile.denylist && startedAt !== undefined && !this.expired(startedAt);
  }

  private forgetExpiredMarks(): void {
    for (const [mark, startedAt] of this.worker.store.running) {
      if (this.expired(startedAt)) this.worker.store.running.delete(mark);
    }
  }

  private expired(startedAt: number): boolean {
    return unixTime(this.worker.clock) - startedAt > this.worker.flags.get('distributed_denylist_duration');
  }
}

/** A bad entry, at which the agent stops accepting a response. */
class BadWork extends Error {
  override readonly name = 'BadWork';
}

/** The entries of `queries` or `discovery` in document order; a value that is not an object has none. */
function* entriesOf(json: Json | undefined): Generator<[string, string]> {
  if (!(json instanceof JsonObject)) return;
  for (const [id, sql] of json.members) {
    if (id === '' || typeof sql !== 'string' || sql === '') throw new BadWork(`entry ${JSON.stringify(id)} is not SQL`);
    yield [id, sql];
  }
}

/** The text of a JSON object; if names repeat, the last entry wins, also for names such as `__proto__`. */
function mapOf(entries: readonly (readonly [string, unknown])[]): string {
  const members = [...new Map(entries)].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members.join(',')}}`;
}
