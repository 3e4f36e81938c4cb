import type { Platform } from '../../core/policy/policy.ts';
import { firstStatement } from '../../core/sql/sql-text.ts';
import { TAKES_LIKE } from '../osquery/behaviour.ts';
import { FUNCTIONS, isOnlyHere, OSQUERY_COLLATIONS, OSQUERY_FUNCTIONS } from '../osquery/functions.ts';
import { type ColumnFacts, type TableFacts, tablesOn } from '../osquery/tables.ts';
import { placeholders } from './placeholders.ts';
import { type IndexInfo, type Pointer, sqlite } from './sqlite.ts';

const { capi, vtab, wasm } = sqlite;

/** What SQLite reports about a statement while it plans it. */
export interface Observation {
  /** osquery's tables that the statement reads. */
  readonly tables: ReadonlySet<string>;
  /** Tables that exist in our SQLite but not in osquery's. */
  readonly foreignTables: ReadonlySet<string>;
  /** Functions that the statement calls and osquery does not have. */
  readonly foreignFunctions: ReadonlySet<string>;
  /** `table.column` → the constant texts that it is compared with for equality. */
  readonly equalities: ReadonlyMap<string, ReadonlySet<string>>;
}

/** One scan of a table in SQLite's plan. */
export interface Scan {
  readonly table: TableFacts;
  /** The part of the statement. Scans of the same part are nested, in order. */
  readonly part: number;
  /** Constraints that the table itself evaluates. */
  readonly used: readonly { readonly column: string; readonly isEquality: boolean; readonly isLike: boolean }[];
  /** Whether a constraint limits its rows, evaluated by the table or by SQLite. */
  readonly isConstrained: boolean;
}

export type Prepared =
  | { readonly ok: true; readonly columns: readonly string[]; readonly scans: readonly Scan[] }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** The SQLite actions of a query that only reads. */
const ALLOWED: ReadonlySet<number> = new Set([
  capi.SQLITE_SELECT,
  capi.SQLITE_READ,
  capi.SQLITE_FUNCTION,
  capi.SQLITE_RECURSIVE,
]);

/** osquery's costs of a scan: with a usable index, and without one. */
const INDEX_COST = 1;
const FULL_COST = 1_000_000;

/** Comparisons by order, which osquery's tables do not evaluate for texts. */
const ORDERINGS: ReadonlySet<number> = new Set([
  capi.SQLITE_INDEX_CONSTRAINT_GT,
  capi.SQLITE_INDEX_CONSTRAINT_GE,
  capi.SQLITE_INDEX_CONSTRAINT_LT,
  capi.SQLITE_INDEX_CONSTRAINT_LE,
]);

// One function stands in for all functions and one for all collations, because statements are never run.
const NEVER_CALLED = wasm.installFunction('v(pip)', () => 0);
const NEVER_COMPARED = wasm.installFunction('i(pipip)', () => 0);

const nothing = () => ({
  tables: new Set<string>(),
  foreignTables: new Set<string>(),
  foreignFunctions: new Set<string>(),
  equalities: new Map<string, Set<string>>(),
});

/**
 * SQLite with osquery's tables, functions and collations. It prepares statements and never runs them. Its tables offer the
 * same indices at the same costs as osquery's, so SQLite chooses the same plan.
 *
 * @see osquery, osquery/sql/virtual_table.cpp
 */
export class OsqueryDatabase {
  private readonly database = new sqlite.oo1.DB(':memory:');
  private readonly db: Pointer = this.database.pointer;
  private readonly connected = new Map<Pointer, TableFacts>();
  private readonly module: { readonly pointer: Pointer; dispose(): void };
  private readonly tables = new Map<string, TableFacts>();
  private seen = nothing();
  /** The scans of a plan, by index number. */
  private scans: Omit<Scan, 'part'>[] = [];

  constructor(readonly platform: Platform) {
    for (const [name, arities] of Object.entries(OSQUERY_FUNCTIONS)) {
      for (const arity of arities) {
        capi.sqlite3_create_function_v2(this.db, name, arity, capi.SQLITE_UTF8, 0, NEVER_CALLED, 0, 0, 0);
      }
    }
    for (const name of OSQUERY_COLLATIONS) {
      capi.sqlite3_create_collation_v2(this.db, name, capi.SQLITE_UTF8, 0, NEVER_COMPARED, 0);
    }
    // As in osquery's build: a name in double quotes is a string if no column has that name.
    capi.sqlite3_db_config(this.db, capi.SQLITE_DBCONFIG_DQS_DML, 1, 0);
    capi.sqlite3_db_config(this.db, capi.SQLITE_DBCONFIG_DQS_DDL, 1, 0);
    this.module = this.install();
    for (const facts of tablesOn(platform).values()) this.add(facts);
    this.guard();
  }

  /** Adds a table of an extension, or over a file. */
  add(facts: TableFacts): void {
    this.tables.set(facts.name, facts);
    capi.sqlite3_create_module(this.db, facts.name, this.module.pointer, 0);
  }

  /** Adds a view, unless its name exists already or its SQL cannot be a view. */
  addView(name: string, sql: string): void {
    const [prepared] = this.prepare(sql);
    if (!prepared.ok || this.tables.has(name) || placeholders(sql).length > 0) return;
    capi.sqlite3_set_authorizer(this.db, 0, 0);
    this.database.exec(`CREATE TEMP VIEW ${quoted(name)} AS ${firstStatement(sql)}`);
    this.guard();
    const columns = prepared.columns.map((column): ColumnFacts => ({ name: column, type: 'TEXT', hidden: false }));
    this.tables.set(name, { name, columns, key: [] });
  }

  table(name: string): TableFacts | undefined {
    return this.tables.get(name);
  }

  get tableNames(): Iterable<string> {
    return this.tables.keys();
  }

  /**
   * Prepares the first statement of `sql`.
   *
   * @returns the result, and what SQLite reported meanwhile; later statements are ignored
   * @example const [prepared, observed] = db.prepare('SELECT pid FROM processes');
   */
  prepare(sql: string): [Prepared, Observation] {
    this.seen = nothing();
    const statement = this.compile(sql);
    if ('message' in statement) return [{ ok: false, ...statement }, this.seen];
    const count = statement.pointer ? capi.sqlite3_column_count(statement.pointer) : 0;
    const columns = Array.from({ length: count }, (_, index) => capi.sqlite3_column_name(statement.pointer, index));
    capi.sqlite3_finalize(statement.pointer);
    return [{ ok: true, columns, scans: this.explain(sql) }, this.seen];
  }

  close(): void {
    this.database.close();
    this.module.dispose();
  }

  private compile(sql: string): { readonly pointer: Pointer } | { readonly message: string; readonly offset: number } {
    this.scans = [];
    const scope = wasm.scopedAllocPush();
    try {
      const out = wasm.scopedAlloc(8);
      const code = capi.sqlite3_prepare_v3(this.db, wasm.scopedAllocCString(sql), -1, 0, out, out + 4);
      if (code === capi.SQLITE_OK) return { pointer: wasm.peekPtr(out) };
      const bytes = capi.sqlite3_error_offset(this.db);
      const offset = bytes < 0 ? -1 : Buffer.from(sql).subarray(0, bytes).toString().length;
      return { message: capi.sqlite3_errmsg(this.db), offset };
    } finally {
      wasm.scopedAllocPop(scope);
    }
  }

  /** The scans of the plan, outer ones first. */
  private explain(sql: string): Scan[] {
    const statement = this.compile(`EXPLAIN QUERY PLAN ${sql}`);
    if (!('pointer' in statement)) return [];
    const found: Scan[] = [];
    while (capi.sqlite3_step(statement.pointer) === capi.SQLITE_ROW) {
      const [, index] = /VIRTUAL TABLE INDEX (\d+):/.exec(capi.sqlite3_column_text(statement.pointer, 3) ?? '') ?? [];
      const scan = index === undefined ? undefined : this.scans[Number(index)];
      if (scan) found.push({ ...scan, part: capi.sqlite3_column_int(statement.pointer, 1) });
    }
    capi.sqlite3_finalize(statement.pointer);
    return found;
  }

  private guard(): void {
    capi.sqlite3_set_authorizer(this.db, (_, ...what) => this.authorize(...what), 0);
  }

  private authorize(action: number, first: string | null, second: string | null): number {
    if (action === capi.SQLITE_READ && first && isOnlyHere(first)) this.seen.foreignTables.add(first);
    if (action === capi.SQLITE_FUNCTION && second && !FUNCTIONS.has(second.toLowerCase())) {
      this.seen.foreignFunctions.add(second);
    }
    return ALLOWED.has(action) ? capi.SQLITE_OK : capi.SQLITE_DENY;
  }

  private install() {
    const ok = () => capi.SQLITE_OK;
    return vtab.setupModule({
      catchExceptions: true,
      methods: {
        xConnect: (db, ...[, , argv, out]) => this.connect(db, argv, out),
        xDisconnect: (pointer) => {
          this.connected.delete(pointer);
          vtab.xVtab.dispose(pointer);
          return capi.SQLITE_OK;
        },
        xBestIndex: (pointer, info) => this.plan(this.connected.get(pointer), info),
        // SQLite never opens a cursor, because statements are never run.
        xOpen: () => capi.SQLITE_DENY,
        xClose: ok,
        xFilter: ok,
        xNext: ok,
        xEof: () => 1,
        xColumn: ok,
        xRowid: ok,
      },
    });
  }

  /** SQLite's `xConnect`. `argv[0]` is the module's name, which is the table's. */
  private connect(db: Pointer, argv: Pointer, out: Pointer): number {
    const facts = this.tables.get(wasm.cstrToJs(wasm.peekPtr(argv)));
    if (!facts) return capi.SQLITE_DENY;
    const result = capi.sqlite3_declare_vtab(db, declaration(facts));
    if (result === capi.SQLITE_OK) this.connected.set(vtab.xVtab.create(out).pointer, facts);
    return result;
  }

  private plan(facts: TableFacts | undefined, pointer: Pointer): number {
    if (!facts) return capi.SQLITE_DENY;
    this.seen.tables.add(facts.name);
    const info = vtab.xIndexInfo(pointer);
    const constraints = constraintsOf(facts, info);
    for (const { column, op, index } of constraints) {
      if (op === capi.SQLITE_INDEX_CONSTRAINT_EQ) this.noteEquality(`${facts.name}.${column.name}`, pointer, index);
    }
    const used = constraints.filter(isUsed);
    for (const [position, { column, index }] of used.entries()) {
      if (column.isOptimized && capi.sqlite3_vtab_in(pointer, index, -1)) capi.sqlite3_vtab_in(pointer, index, 1);
      info.nthConstraintUsage(index).$argvIndex = position + 1;
    }
    info.$estimatedCost = lacksRequired(facts, used, info) || used.length === 0 ? FULL_COST : INDEX_COST;
    info.$idxNum = this.scans.length;
    info.dispose();
    this.scans.push({ table: facts, used: used.map(usedOf), isConstrained: constraints.length > 0 });
    return capi.SQLITE_OK;
  }

  private noteEquality(column: string, info: Pointer, index: number): void {
    const texts = this.seen.equalities.get(column) ?? new Set();
    this.seen.equalities.set(column, texts);
    const scope = wasm.scopedAllocPush();
    try {
      const out = wasm.scopedAlloc(4);
      if (capi.sqlite3_vtab_rhs_value(info, index, out) !== capi.SQLITE_OK) return; // not a constant
      const text = capi.sqlite3_value_text(wasm.peekPtr(out));
      if (text !== null) texts.add(text);
    } finally {
      wasm.scopedAllocPop(scope);
    }
  }
}

/** A constraint on a column that SQLite can give to the table. */
interface Constraint {
  readonly column: ColumnFacts;
  readonly op: number;
  /** Its position among the constraints of the plan. */
  readonly index: number;
}

const constraintsOf = ({ columns }: TableFacts, info: IndexInfo): Constraint[] =>
  Array.from({ length: info.$nConstraint }, (_, index) => index).flatMap((index) => {
    const { $iColumn, $op, $usable } = info.nthConstraint(index);
    const column = columns[$iColumn];
    return column && $usable ? [{ column, op: $op, index }] : [];
  });

/** Whether osquery's table evaluates a constraint itself. */
const isUsed = ({ column, op }: Constraint): boolean =>
  column.isIndexed === true && !(column.type === 'TEXT' && ORDERINGS.has(op));

const usedOf = ({ column, op }: Constraint) => ({
  column: column.name,
  isEquality: op === capi.SQLITE_INDEX_CONSTRAINT_EQ,
  isLike: op === capi.SQLITE_INDEX_CONSTRAINT_LIKE,
});

/** osquery's rule for the cost: a required column matters if the statement reads it. */
function lacksRequired(
  { columns }: TableFacts,
  used: readonly { readonly column: ColumnFacts }[],
  { $colUsed }: IndexInfo,
): boolean {
  const isRead = (index: number) => (BigInt($colUsed) >> BigInt(Math.min(index, 63))) % 2n !== 0n;
  const isNeeded = columns.some(({ isRequired }, index) => isRequired && isRead(index));
  return isNeeded && !used.some(({ column }) => column.isRequired);
}

/** The required columns of a table if a scan constrains none of them: osquery fails such a query. */
export function missingRequired({ table, used }: Scan): readonly string[] {
  const required = table.columns.flatMap(({ name, isRequired }) => (isRequired ? [name] : []));
  return used.some(({ column }) => required.includes(column)) ? [] : required;
}

/** Whether a scan constrains required columns only by comparisons that the table ignores: it returns no row. */
export function isFruitless({ table, used }: Scan): boolean {
  const required = new Set(table.columns.flatMap(({ name, isRequired }) => (isRequired ? [name] : [])));
  const onRequired = used.filter(({ column }) => required.has(column));
  const takesLike = TAKES_LIKE.has(table.name);
  return onRequired.length > 0 && !onRequired.some(({ isEquality, isLike }) => isEquality || (isLike && takesLike));
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function declaration({ columns, key }: TableFacts): string {
  const lines = columns.map(
    ({ name, type, hidden, collate }) =>
      `${quoted(name)} ${type}${hidden ? ' HIDDEN' : ''}${collate ? ` COLLATE ${collate}` : ''}`,
  );
  const primary = key.length > 0 ? [`PRIMARY KEY (${key.map(quoted).join(', ')})`] : [];
  return `CREATE TABLE x(${[...lines, ...primary].join(', ')})${key.length > 0 ? ' WITHOUT ROWID' : ''}`;
}
