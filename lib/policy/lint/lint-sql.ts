import { nearest } from '../nearest.ts';
import { placeholders } from '../placeholders.ts';
import { NEVER_AFTER_EXIT, RUNNING_ONLY_WITHOUT_ID, STATES_NOT_RUNNING } from '../schema/docker.ts';
import { BLOCKS_OFF_EC2 } from '../schema/osquery.ts';
import { GONE_AFTER_5_23 } from '../schema/processes.ts';
import type { TableFacts } from '../schema/table-facts.ts';
import type { Observation, OsqueryDatabase } from './osquery-database.ts';
import type { SqlFinding } from './sql-finding.ts';
import { isBlank, masked, offsetOfStar, offsetOfWord, textLiterals } from './sql-text.ts';
import { explainFailure, unknownTable } from './sqlite-failure.ts';

/** What a SQL text is for; the same statement can be right for one and useless for another. */
export interface SqlPurpose {
  readonly kind: 'query' | 'post-mortem' | 'discovery' | 'schedule' | 'decorator' | 'other';
  /** Where it runs, in osquery's words; undefined is everywhere. */
  readonly platform?: string | undefined;
  /** Placeholders that `bind` fills; undefined where nothing is bound. */
  readonly bound?: readonly string[];
  /** Runs on EC2 instances alone: by its target, its profile or its discovery. */
  readonly onEc2Only?: boolean;
}

export interface SqlReport {
  readonly findings: readonly SqlFinding[];
  /** The columns of the answer; undefined when the statement could not be prepared. */
  readonly columns?: readonly string[];
  /** Returns rows on EC2 alone, so that as discovery it keeps a query off other hosts. */
  readonly asksForEc2: boolean;
}

/** SQLite's own, which osquery has too. */
const BUILT_IN = new Set(['json_each', 'json_tree']);

/** Whether osquery on Linux runs a query of this `platform`. @see docs/spec/osquery-protocol.md §6.3 */
export const runsOnLinux = (platform: string | undefined): boolean =>
  platform === undefined || platform === '' || /linux|posix|any|all/.test(platform);

/** Judges one SQL text as osquery on Linux would, by preparing it with SQLite against osquery's tables. */
export function lintSql(db: OsqueryDatabase, sql: string, purpose: SqlPurpose): SqlReport {
  const findings: SqlFinding[] = [...placeholderFindings(sql, purpose)];
  const error = (message: string, offset: number, hint?: string) =>
    findings.push({ severity: 'error', message, offset, ...(hint ? { hint } : {}) });
  const warning = (message: string, offset: number, hint?: string) =>
    findings.push({ severity: 'warning', message, offset, ...(hint ? { hint } : {}) });
  if (sql.includes('\0')) {
    error('the SQL holds NUL: osquery would cut it there', sql.indexOf('\0'));
    return { findings, asksForEc2: false };
  }
  if (isBlank(sql)) {
    error('there is no statement', 0);
    return { findings, asksForEc2: false };
  }
  if (!/^[\s(]*(?:SELECT|WITH|VALUES)\b/i.test(masked(sql))) {
    error('only a SELECT can be asked: osquery is read-only', 0);
    return { findings, asksForEc2: false };
  }
  const [prepared, observed] = db.prepare(sql, (facts) => requiredOf(facts, purpose));
  const end = masked(sql).indexOf(';') + 1;
  if (end > 0 && !isBlank(sql.slice(end))) {
    const at = end + sql.slice(end).search(/[^\s;]/);
    error('several statements in one SQL: only one is allowed', at, 'osquery would cut the rows of the later ones');
  }
  if (!prepared.ok) {
    const isElsewhere = !runsOnLinux(purpose.platform) && /no such (table|column)/.test(prepared.message);
    const lacking = prepared.message.includes('no query solution') ? lackingColumns(db, sql, purpose, observed) : [];
    for (const { table, columns } of lacking) error(...missingConstraint(table, columns, sql, purpose));
    if (lacking.length === 0 && !isElsewhere) findings.push(explainFailure(db, sql, prepared));
    return { findings, asksForEc2: false };
  }
  for (const table of observed.tables) {
    if (!db.table(table) && !BUILT_IN.has(table.toLowerCase())) findings.push(unknownTable(db, sql, table));
  }
  const star = offsetOfStar(sql);
  if (star !== undefined && purpose.kind !== 'discovery') {
    warning(
      'SELECT * takes every column, needed or not, and may be answered from a cache',
      star,
      `name the columns${namesOf(db, observed)}`,
    );
  }
  for (const table of observed.tables) {
    const at = offsetOfWord(sql, table);
    if (BLOCKS_OFF_EC2.has(table) && !purpose.onEc2Only && !isGuarded(sql, observed)) {
      warning(
        `${table} blocks the agent for minutes on a host that is not on EC2`,
        at,
        "add a discovery: SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'",
      );
    }
    if (GONE_AFTER_5_23.has(table)) {
      warning(`${table} is gone from osquery after 5.23.1`, at, 'process_events and socket_events stay');
    }
    if (NEVER_AFTER_EXIT.has(table) && purpose.kind === 'post-mortem') {
      warning(`${table} has no rows about a container that has exited`, at);
    }
  }
  if (purpose.kind === 'discovery' && looksForStopped(sql, observed)) {
    warning(
      'this discovery never returns a row: docker_containers lists running containers alone unless id is constrained',
      offsetOfWord(sql, 'state'),
      'a query behind it is never run and never reported',
    );
  }
  return { findings, columns: prepared.columns, asksForEc2: asksForEc2(observed) };
}

function* placeholderFindings(sql: string, { bound }: SqlPurpose): Generator<SqlFinding> {
  const used = new Set<string>();
  for (const { name, text, offset } of placeholders(sql)) {
    const severity = 'error';
    if (name === undefined)
      yield { severity, message: `${text} is no placeholder of Mayfly`, offset, hint: 'write :name' };
    else if (bound === undefined) yield { severity, message: `nothing is bound here: ${text} would be NULL`, offset };
    else if (!bound.includes(name) && !used.has(name)) {
      const near = nearest(name, bound);
      const hint = near ? `did you mean :${near}?` : `add bind: { ${name}: <JMESPath> }`;
      yield { severity, message: `${text} has no binding`, offset, hint };
    }
    if (name !== undefined) used.add(name);
  }
}

/** What osquery demands, and after a container's end `id` besides: without it the row is not there. */
function requiredOf(facts: TableFacts, { kind }: SqlPurpose): readonly (readonly string[])[] {
  const demandsId = kind === 'post-mortem' && RUNNING_ONLY_WITHOUT_ID.has(facts.name);
  return demandsId ? [...facts.required, ['id']] : facts.required;
}

/** The tables that by themselves leave the statement without a plan; all that lacked something if only together. */
function lackingColumns(db: OsqueryDatabase, sql: string, purpose: SqlPurpose, { unconstrained }: Observation) {
  const all = [...unconstrained].map(([table, columns]) => ({ table, columns }));
  const alone = all.filter(({ table }) => {
    const [prepared] = db.prepare(sql, (facts) => (facts.name === table ? requiredOf(facts, purpose) : []));
    return !prepared.ok;
  });
  return alone.length > 0 ? alone : all;
}

function missingConstraint(
  table: string,
  columns: readonly string[],
  sql: string,
  { kind }: SqlPurpose,
): [message: string, offset: number, hint: string] {
  const at = offsetOfWord(sql, table);
  if (kind === 'post-mortem' && RUNNING_ONLY_WITHOUT_ID.has(table)) {
    return [
      `${table} in a post-mortem query needs a constraint on id: without it osquery lists running containers alone`,
      at,
      'add WHERE id IN (:containers)',
    ];
  }
  return [
    `${table} needs a constraint on ${columns.join(' or ')}: osquery fails the query without it`,
    at,
    `add WHERE ${columns[0]} = … or IN (…), or join on it`,
  ];
}

function namesOf(db: OsqueryDatabase, { tables }: Observation): string {
  const [only, ...more] = [...tables];
  const facts = only !== undefined && more.length === 0 ? db.table(only) : undefined;
  return facts ? `: ${facts.columns.flatMap(({ name, hidden }) => (hidden ? [] : [name])).join(', ')}` : '';
}

const VENDOR_COLUMNS = ['system_info.hardware_vendor', 'system_info.board_vendor', 'platform_info.vendor'];

const asksForEc2 = ({ equalities }: Observation): boolean => VENDOR_COLUMNS.some((column) => equalities.has(column));

/** A CROSS JOIN keeps SQLite's order: the vendor is looked at first, and only on EC2 is the other table read. */
const isGuarded = (sql: string, observed: Observation): boolean =>
  asksForEc2(observed) && /\bCROSS\s+JOIN\s+ec2_instance_/i.test(masked(sql));

function looksForStopped(sql: string, { equalities }: Observation): boolean {
  if (!equalities.has('docker_containers.state') || equalities.has('docker_containers.id')) return false;
  const states = textLiterals(sql).map((text) => text.toLowerCase());
  const alive = states.some((state) => ['running', 'paused', 'restarting'].includes(state));
  return !alive && states.some((state) => STATES_NOT_RUNNING.has(state));
}
