import type { Platform, PolicyQuery } from '../../core/policy/policy.ts';
import type { QueryText } from '../format/rules.ts';
import { lintSql, platformsWith, type SqlPurpose, type SqlReport } from '../lint/lint-sql.ts';
import type { OsqueryDatabases } from '../lint/osquery-databases.ts';
import { placeholders } from '../lint/placeholders.ts';
import { PLATFORMS } from '../osquery/specs.ts';
import { platformsOf } from '../osquery/tables.ts';
import { nearest } from '../source/nearest.ts';
import type { Problem } from '../source/problem.ts';
import type { Path, SourceDocument } from '../source/source-document.ts';
import { jmespathProblem } from './jmespath.ts';

/** A file being compiled, the list for its problems, and the databases that check its SQL. */
export interface Reading {
  readonly document: SourceDocument;
  readonly problems: Problem[];
  readonly databases: OsqueryDatabases;
}

/** Checks the SQL at `path` of the file. */
export function checkSql(
  { document, problems, databases }: Reading,
  path: Path,
  sql: string,
  purpose: SqlPurpose,
): SqlReport {
  const report = lintSql(databases, sql, purpose);
  for (const { severity, message, offset, hint } of report.problems) {
    problems.push(document.problem(severity, document.positionIn(path, offset), message, hint));
  }
  return report;
}

/** Checks the JMESPath expression at `path` of the file. */
export function checkExpression({ document, problems }: Reading, path: Path, expression: string): void {
  const problem = jmespathProblem(expression);
  if (!problem) return;
  problems.push(document.problem('error', document.positionIn(path, problem.offset), problem.message, problem.hint));
}

/** What a rule's queries are for. */
export type QueryPurpose = Pick<SqlPurpose, 'kind' | 'onEc2Only'> & {
  readonly platforms: readonly Platform[];
  /** The platforms in the rule's own `platforms`. */
  readonly said?: readonly Platform[] | undefined;
};

/** Compiles the query of a rule at `path`, whose last step is the query's name, and reports its problems. */
export function compileQuery(reading: Reading, path: Path, text: QueryText, purpose: QueryPurpose): PolicyQuery {
  const bind = text.bind ?? {};
  checkBindings(reading, path, text);
  const platforms = platformsWith(reading.databases, text.sql, purpose.platforms);
  const discovery =
    text.discovery === undefined
      ? undefined
      : checkSql(reading, [...path, 'discovery'], text.discovery, { kind: 'discovery', platforms });
  const { columns, tables } = checkSql(reading, [...path, 'sql'], text.sql, {
    ...purpose,
    platforms,
    onEc2Only: purpose.onEc2Only === true || discovery?.asksForEc2 === true,
    bound: Object.keys(bind),
  });
  checkEvidence(reading, path, text, columns);
  return {
    name: String(path.at(-1)),
    sql: text.sql.trim(),
    bind,
    evidence: evidenceOf(text),
    discovery: text.discovery?.trim(),
    platforms: hostsWith([...tables, ...(discovery?.tables ?? [])], purpose.said),
  };
}

/** Reports bindings that are not JMESPath, and bindings without a placeholder. */
function checkBindings(reading: Reading, path: Path, { sql, bind = {} }: QueryText): void {
  const { document, problems } = reading;
  const used = new Set(placeholders(sql).map(({ name }) => name));
  for (const [placeholder, expression] of Object.entries(bind)) {
    checkExpression(reading, [...path, 'bind', placeholder], expression);
    if (used.has(placeholder)) continue;
    const at = document.position([...path, 'bind', placeholder], 'key');
    problems.push(document.problem('error', at, `the SQL has no :${placeholder}`, 'remove the binding or use it'));
  }
}

/** @param columns of the answer; undefined where the SQL could not be prepared */
function checkEvidence(
  { document, problems }: Reading,
  path: Path,
  text: QueryText,
  columns: readonly string[] | undefined,
): void {
  if (text.alive && !text.evidence) {
    problems.push(document.error([...path, 'alive'], '"alive" says nothing without "evidence"'));
  } else if (text.alive && Object.keys(text.alive).length !== 1) {
    problems.push(document.error([...path, 'alive'], '"alive" names exactly one column'));
  }
  const evidence = evidenceOf(text);
  for (const [key, column] of Object.entries({ evidence: evidence?.column, alive: evidence?.alive?.column })) {
    if (column === undefined || !columns || columns.includes(column)) continue;
    const near = nearest(column, columns);
    const hint = near ? `did you mean ${near}?` : `it returns ${columns.join(', ')}`;
    problems.push(document.error([...path, key], `${key}: the SQL returns no column "${column}"`, hint));
  }
}

/** The platforms that have these tables; undefined for all platforms. Tables of extensions count as on every platform. */
function hostsWith(tables: readonly string[], said: readonly Platform[] = PLATFORMS): readonly Platform[] | undefined {
  const having = PLATFORMS.filter(
    (platform) => said.includes(platform) && tables.every((table) => platformsOf(table)?.includes(platform) ?? true),
  );
  return having.length < PLATFORMS.length ? having : undefined;
}

function evidenceOf({ evidence, alive }: QueryText): PolicyQuery['evidence'] {
  if (evidence === undefined) return undefined;
  const [entry] = Object.entries(alive ?? {});
  return { column: evidence, alive: entry && { column: entry[0], oneOf: entry[1] } };
}
