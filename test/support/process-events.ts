import type { PolicyRule } from '../../lib/core/policy/policy.ts';
import { aRule } from './a-rule.ts';
import { T0 } from './tls-server.ts';

type Row = Readonly<Record<string, unknown>>;

export const SCHEDULED = 'pack/container-events/container_starts';

/** The talk's example: when a process that starts containers starts, query the containers. */
export const containerStarted = (rule: Partial<PolicyRule> = {}): PolicyRule =>
  aRule(
    'container-started',
    { log: { query: SCHEDULED, columns: { path: [{ suffix: '/runc' }] }, action: ['added', 'snapshot'] } },
    rule,
  );

/** Queues a separate query for each row, about the started process. */
export const aboutTheProcess: Partial<PolicyRule> = {
  queries: [{ name: 'process', sql: 'SELECT path FROM processes WHERE pid = :pid', bind: { pid: 'columns.pid' } }],
};

/** A `process_events` row: process n starts. */
export const aStart = (n: number, row: Row = {}): Row => ({
  pid: String(n),
  path: '/usr/bin/runc',
  cmdline: 'runc create',
  ...row,
});

const envelope = (n: number) => ({
  name: SCHEDULED,
  hostIdentifier: 'h1',
  calendarTime: 'Sat Mar  1 12:00:00 2025 UTC',
  unixTime: T0 / 1000 + n,
  epoch: 0,
  counter: n,
  numerics: false,
});

/** The formats in which an agent logs rows (docs/spec/osquery-protocol.md §8). */
export const forms = {
  event: (n: number, row = aStart(n)) => ({ ...envelope(n), columns: row, action: 'added' }),
  batch: (n: number, row = aStart(n)) => ({ ...envelope(n), diffResults: { removed: '', added: [row] } }),
  snapshot: (n: number, row = aStart(n)) => ({ ...envelope(n), snapshot: [row], action: 'snapshot' }),
};
