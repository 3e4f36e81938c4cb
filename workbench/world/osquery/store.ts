import type { Row } from '../host/sql-engine.ts';
import type { Random } from '../random.ts';

/** A scheduled query's differential state. */
export interface QueryState {
  readonly sql: string;
  readonly epoch: number;
  readonly counter: number;
  readonly rows: readonly Row[];
}

/** What osquery keeps in its database: it survives restarts and crashes, and is lost only by a wipe. */
export class AgentStore {
  readonly instanceUuid: string;
  nodeKey: string | undefined;
  /** Until when distributed reads come every 5 s; epoch seconds. */
  accelerateUntil: number | undefined;
  /** Lines not yet delivered: key → JSON text. */
  readonly logs = new Map<string, string>();
  /** Distributed queries received and not started: id → SQL. */
  readonly pendingQueries = new Map<string, string>();
  /** SHA-256 of SQL that is being run, or was when the process died → start in epoch seconds. */
  readonly running = new Map<string, number>();
  /** The scheduled query that is being run, or was when the process died. */
  executing: string | undefined;
  /** Scheduled queries that ran when a worker died → until when they are skipped, in epoch seconds. */
  readonly denylist = new Map<string, number>();
  readonly queries = new Map<string, QueryState>();
  /** Splayed intervals by query name: the interval they were made from, and the result, in seconds. */
  readonly splays = new Map<string, { readonly interval: number; readonly splayed: number }>();

  constructor(random: Random) {
    this.instanceUuid = random.uuid();
  }
}

/** Sorts as the database does: byte by byte. */
export function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
