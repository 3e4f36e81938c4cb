import type { PolicyRule } from '../../lib/core/policy/policy.ts';
import { aRule } from './a-rule.ts';
import { T0 } from './tls-server.ts';

type Row = Readonly<Record<string, unknown>>;

export const SCHEDULED = 'pack/container-events/container_starts';

/** The talk's example: a process that starts containers was started, so which containers are there? */
export const containerStarted = (rule: Partial<PolicyRule> = {}): PolicyRule =>
  aRule(
    'container-started',
    { log: { query: SCHEDULED, columns: { path: [{ suffix: '/runc' }] }, action: ['added', 'snapshot'] } },
    rule,
  );

/** A question of its own for each row: about the process that was started. */
export const aboutTheProcess: Partial<PolicyRule> = {
  queries: [{ name: 'process', sql: 'SELECT path FROM processes WHERE pid = :pid', bind: { pid: 'columns.pid' } }],
};

/** A row of `process_events`: process n starts. */
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

/** The forms in which an agent logs rows (docs/spec/osquery-protocol.md §8). */
export const forms = {
  event: (n: number, row = aStart(n)) => ({ ...envelope(n), columns: row, action: 'added' }),
  batch: (n: number, row = aStart(n)) => ({ ...envelope(n), diffResults: { removed: '', added: [row] } }),
  snapshot: (n: number, row = aStart(n)) => ({ ...envelope(n), snapshot: [row], action: 'snapshot' }),
};
