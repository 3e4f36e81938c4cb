import type { Platform } from '../../core/policy/policy.ts';
import {
  endOfStatement,
  firstStatement,
  isBlank,
  masked,
  offsetOfStar,
  offsetOfWord,
  textLiterals,
} from '../../core/sql/sql-text.ts';
import {
  BLOCKS_OFF_EC2,
  GONE_AFTER_5_23,
  GONE_TABLES,
  NEVER_AFTER_EXIT,
  RUNNING_ONLY_WITHOUT_ID,
  STATES_NOT_RUNNING,
} from '../osquery/behaviour.ts';
import { PLATFORM_NAMES } from '../osquery/platform.ts';
import { nearest } from '../source/nearest.ts';
import { laterSqlite } from './later-sqlite.ts';
import { isFruitless, missingRequired, type Observation, type OsqueryDatabase, type Scan } from './osquery-database.ts';
import type { OsqueryDatabases } from './osquery-databases.ts';
import { placeholders } from './placeholders.ts';
import type { SqlProblem } from './sql-problem.ts';
import { explainFailure, unknownTable } from './sqlite-failure.ts';
import { volumeProblems } from './volume.ts';

/** What a SQL text is for. The same statement can be right for one purpose and useless for another. */
export interface SqlPurpose {
  readonly kind: 'query' | 'post-mortem' | 'discovery' | 'schedule' | 'decorator' | 'ad-hoc' | 'other';
  /** Where it runs. @default - Linux */
  readonly platforms?: readonly Platform[] | undefined;
  /** The placeholders that `bind` fills; undefined if the SQL cannot have bindings. */
  readonly bound?: readonly string[];
  /** Runs only on EC2 instances, because of its target, its profile or its discovery. */
  readonly onEc2Only?: boolean;
}

export interface SqlReport {
  readonly problems: readonly SqlProblem[];
  /** The columns of the answer; undefined when the statement could not be prepared. */
  readonly columns?: readonly string[];
  /** osquery's tables that the statement reads. */
  readonly tables: readonly string[];
  /** Returns rows only on EC2: as a discovery it keeps a query off other hosts. */
  readonly asksForEc2: boolean;
}

/** A prepared statement, and what preparing it showed. */
interface Statement {
  readonly db: OsqueryDatabase;
  readonly sql: string;
  readonly purpose: SqlPurpose;
  readonly observed: Observation;
  readonly scans: readonly Scan[];
}

/**
 * Checks one SQL text as osquery would on each of its platforms, by preparing it with SQLite against osquery's tables.
 *
 * @example lintSql(databases, 'SELECT pidd FROM processes', { kind: 'query' }).problems[0]?.hint // 'did you mean pid?'
 */
export function lintSql(databases: OsqueryDatabases, sql: string, purpose: SqlPurpose): SqlReport {
  const { platforms = ['linux'] } = purpose;
  const reports = platforms.map((platform) => lintOn(databases.on(platform), sql, purpose));
  const tables = new Set(reports.flatMap((report) => report.tables));
  return {
    problems: united(platforms, reports),
    columns: reports.find(({ columns }) => columns)?.columns,
    tables: [...tables],
    asksForEc2: reports.some(({ asksForEc2 }) => asksForEc2),
  };
}

/** The platforms that have every table of a statement; all platforms if none has. */
export function platformsWith(databases: OsqueryDatabases, sql: string, platforms: readonly Platform[]) {
  const [, ...others] = platforms;
  if (others.length === 0) return platforms;
  const having = platforms.filter((platform) => {
    const [prepared] = databases.on(platform).prepare(firstStatement(sql));
    return prepared.ok || !prepared.message.startsWith('no such table');
  });
  return having.length > 0 ? having : platforms;
}

/** The problems of all platforms, each once. A problem that not every platform has names its platforms. */
function united(platforms: readonly Platform[], reports: readonly SqlReport[]): SqlProblem[] {
  const found = new Map<string, { problem: SqlProblem; on: Platform[] }>();
  for (const [index, { problems }] of reports.entries()) {
    const platform = platforms[index];
    for (const problem of platform ? problems : []) {
      const key = `${problem.severity} ${problem.offset} ${problem.message}`;
      const entry = found.get(key) ?? { problem, on: [] };
      found.set(key, entry);
      if (platform) entry.on.push(platform);
    }
  }
  return [...found.values()].map(({ problem, on }) => {
    const isGeneral = on.length === platforms.length || on.some((one) => problem.message.includes(PLATFORM_NAMES[one]));
    const where = on.map((one) => PLATFORM_NAMES[one]).join(' and ');
    return isGeneral ? problem : { ...problem, message: `${problem.message} (on ${where})` };
  });
}

function lintOn(db: OsqueryDatabase, sql: string, purpose: SqlPurpose): SqlReport {
  const before = [...placeholderProblems(sql, purpose)];
  const unfit = unfitness(sql);
  if (unfit) return { problems: [...before, unfit], tables: [], asksForEc2: false };
  before.push(...furtherStatements(sql));
  const [prepared, observed] = db.prepare(sql);
  const tables = [...observed.tables];
  if (!prepared.ok) {
    const failure = explainFailure(db, sql, prepared);
    return { problems: [...before, forOldHosts(failure, purpose)], tables, asksForEc2: false };
  }
  const statement = { db, sql, purpose, observed, scans: prepared.scans };
  const problems = [
    ...before,
    ...[...observed.foreignTables].map((table) => unknownTable(db, sql, table)),
    ...laterSqlite(sql, observed),
    ...constraintProblems(statement),
    ...starProblems(statement),
    ...tables.flatMap((table) => tableWarnings(table, statement)),
    ...discoveryProblems(statement),
    ...(purpose.kind === 'query' || purpose.kind === 'post-mortem' ? volumeProblems(sql, prepared.scans) : []),
  ];
  return { problems, columns: prepared.columns, tables, asksForEc2: asksForEc2(observed) };
}

/** A scheduled query for older releases of osquery is only a warning: newer agents refuse it and run the others. */
function forOldHosts(failure: SqlProblem, { kind }: SqlPurpose): SqlProblem {
  const [, table = ''] = /^no such table: (\w+)$/.exec(failure.message) ?? [];
  return kind === 'schedule' && table in GONE_TABLES ? { ...failure, severity: 'warning' } : failure;
}

/** Why SQLite need not prepare a text; undefined for a text that it can prepare. */
function unfitness(sql: string): SqlProblem | undefined {
  const error = (message: string, offset = 0): SqlProblem => ({ severity: 'error', message, offset });
  if (sql.includes('\0')) return error('the SQL holds NUL: osquery would cut it there', sql.indexOf('\0'));
  if (isBlank(sql)) return error('there is no statement');
  const isQuestion = /^[\s(]*(?:SELECT|WITH|VALUES)\b/i.test(masked(sql));
  return isQuestion ? undefined : error('only a SELECT is allowed: osquery is read-only');
}

function furtherStatements(sql: string): SqlProblem[] {
  const end = endOfStatement(sql);
  if (isBlank(sql.slice(end))) return [];
  return [
    {
      severity: 'error',
      message: 'several statements in one SQL: only one is allowed',
      offset: end + sql.slice(end).search(/[^\s;]/),
      hint: 'osquery would cut the rows of the later ones',
    },
  ];
}

function* placeholderProblems(sql: string, { bound }: SqlPurpose): Generator<SqlProblem> {
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

/** Tables whose rows need a constraint that the plan lacks, each once. */
function constraintProblems({ sql, purpose, scans }: Statement): SqlProblem[] {
  const found = new Map<string, SqlProblem>();
  for (const scan of scans) {
    const problem = constraintProblem(scan, sql, purpose);
    if (problem) found.set(scan.table.name, problem);
  }
  return [...found.values()];
}

function constraintProblem(scan: Scan, sql: string, { kind }: SqlPurpose): SqlProblem | undefined {
  const { name } = scan.table;
  const offset = offsetOfWord(sql, name);
  const columns = missingRequired(scan);
  if (columns.length > 0) {
    return {
      severity: 'error',
      message: `${name} needs a constraint on ${columns.join(' or ')}: osquery fails the query without it`,
      offset,
      hint: `add WHERE ${columns[0]} = … or IN (…), or join on it`,
    };
  }
  const hasId = scan.used.some(({ column, isEquality }) => column === 'id' && isEquality);
  if (kind === 'post-mortem' && RUNNING_ONLY_WITHOUT_ID.has(name) && !hasId) {
    return {
      severity: 'error',
      message: `${name} in a post-mortem query needs a constraint on id: without it osquery lists only running containers`,
      offset,
      hint: 'add WHERE id IN (:containers)',
    };
  }
  if (!isFruitless(scan)) return undefined;
  return {
    severity: 'warning',
    message: `${name} returns no row here: it wants to be given ${requiredNames(scan)} by = or IN`,
    offset,
  };
}

const requiredNames = ({ table }: Scan): string =>
  table.columns.flatMap(({ name, isRequired }) => (isRequired ? [name] : [])).join(' or ');

function starProblems({ db, sql, purpose, observed }: Statement): SqlProblem[] {
  // A person who asks once may want every column.
  const offset = purpose.kind === 'discovery' || purpose.kind === 'ad-hoc' ? undefined : offsetOfStar(sql);
  if (offset === undefined) return [];
  const message = 'SELECT * takes every column, needed or not, and may be answered from a cache';
  return [{ severity: 'warning', message, offset, hint: `name the columns${namesOf(db, observed)}` }];
}

function namesOf(db: OsqueryDatabase, { tables }: Observation): string {
  const [only, ...more] = [...tables];
  const facts = only !== undefined && more.length === 0 ? db.table(only) : undefined;
  return facts ? `: ${facts.columns.flatMap(({ name, hidden }) => (hidden ? [] : [name])).join(', ')}` : '';
}

function tableWarnings(table: string, { sql, purpose, observed }: Statement): SqlProblem[] {
  const offset = offsetOfWord(sql, table);
  const warnings: SqlProblem[] = [];
  if (BLOCKS_OFF_EC2.has(table) && !purpose.onEc2Only && !isGuarded(sql, observed)) {
    const hint = "add a discovery: SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'";
    const message = `${table} blocks the agent for minutes on a host that is not on EC2`;
    warnings.push({ severity: 'warning', message, offset, hint });
  }
  if (GONE_AFTER_5_23.has(table)) {
    const message = `${table} is gone from osquery after 5.23.1`;
    warnings.push({ severity: 'warning', message, offset, hint: 'process_events and socket_events stay' });
  }
  if (NEVER_AFTER_EXIT.has(table) && purpose.kind === 'post-mortem') {
    const message = `${table} has no rows about a container that has exited`;
    warnings.push({ severity: 'warning', message, offset });
  }
  return warnings;
}

function discoveryProblems({ sql, purpose, observed }: Statement): SqlProblem[] {
  if (purpose.kind !== 'discovery' || !looksForStopped(sql, observed)) return [];
  return [
    {
      severity: 'warning',
      message:
        'this discovery never returns a row: docker_containers lists only running containers unless id is constrained',
      offset: offsetOfWord(sql, 'state'),
      hint: 'a query behind it is never run and never reported',
    },
  ];
}

const VENDOR_COLUMNS = ['system_info.hardware_vendor', 'system_info.board_vendor', 'platform_info.vendor'];

const asksForEc2 = ({ equalities }: Observation): boolean => VENDOR_COLUMNS.some((column) => equalities.has(column));

/** SQLite keeps the order of a CROSS JOIN: it checks the vendor first, and reads the other table only on EC2. */
const isGuarded = (sql: string, observed: Observation): boolean =>
  asksForEc2(observed) && /\bCROSS\s+JOIN\s+ec2_instance_/i.test(masked(sql));

function looksForStopped(sql: string, { equalities }: Observation): boolean {
  if (!equalities.has('docker_containers.state') || equalities.has('docker_containers.id')) return false;
  const states = textLiterals(sql).map((text) => text.toLowerCase());
  const alive = states.some((state) => ['running', 'paused', 'restarting'].includes(state));
  return !alive && states.some((state) => STATES_NOT_RUNNING.has(state));
}
