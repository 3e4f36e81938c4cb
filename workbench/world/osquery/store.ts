import type { Row } from '../host/sql-engine.ts';
import type { Random } from '../simulation/random.ts';

/** A scheduled query's differential state. */
export interface QueryState {
  readonly sql: string;
  readonly epoch: number;
  readonly counter: number;
  readonly rows: readonly Row[];
}

/** osquery's database. It survives restarts and crashes; only a wipe deletes it. */
export class AgentStore {
  readonly instanceUuid: string;
  nodeKey: string | undefined;
  /** Distributed reads come every 5 s until then; epoch seconds. */
  accelerateUntil: number | undefined;
  /** Undelivered lines: key → JSON text. */
  readonly logs = new Map<string, string>();
  /** Distributed queries received but not started: id → SQL. */
  readonly pendingQueries = new Map<string, string>();
  /** SHA-256 of SQL that is running, or was running when the process died → start in epoch seconds. */
  readonly running = new Map<string, number>();
  /** The scheduled query that is running, or was running when the process died. */
  executing: string | undefined;
  /** Scheduled queries that were running when a worker died → end of their denylisting, in epoch seconds. */
  readonly denylist = new Map<string, number>();
  readonly queries = new Map<string, QueryState>();
  /** Splayed intervals by query name: the configured interval and the result, in seconds. */
  readonly splays = new Map<string, { readonly interval: number; readonly splayed: number }>();

  constructor(random: Random) {
    this.instanceUuid = random.uuid();
  }
}

/** Compares like the database: byte by byte. */
export function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
