import type { TableFacts } from '../schema/table-facts.ts';
import { OSQUERY_COLLATIONS, OSQUERY_FUNCTIONS } from './osquery-functions.ts';
import { type Pointer, sqlite } from './sqlite.ts';

const { capi, vtab, wasm } = sqlite;

/** What is found out about one statement while SQLite plans it. */
export interface Observation {
  /** Tables that are read. */
  readonly tables: Set<string>;
  /** Required columns that a plan lacked: the statement has none without such a lack, if it failed for want of a plan. */
  readonly unconstrained: Map<string, readonly string[]>;
  /** `table.column` → texts it is compared with for equality, as far as they are known. */
  readonly equalities: Map<string, Set<string>>;
}

export type Prepared =
  | { readonly ok: true; readonly columns: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** The groups of columns of a table of which one each must be constrained. */
type Required = (facts: TableFacts) => readonly (readonly string[])[];

/** Reading is all that osquery lets a query do. */
const ALLOWED: ReadonlySet<number> = new Set([
  capi.SQLITE_SELECT,
  capi.SQLITE_READ,
  capi.SQLITE_FUNCTION,
  capi.SQLITE_RECURSIVE,
]);

/**
 * SQLite with osquery's tables, functions and collations, to prepare statements and never to run them. A table whose
 * required columns are not constrained offers no plan: SQLite itself then finds out whether the statement has any.
 */
export class OsqueryDatabase {
  private readonly database = new sqlite.oo1.DB(':memory:');
  private readonly db: Pointer = this.database.pointer;
  private readonly connected = new Map<Pointer, TableFacts>();
  private readonly module: { readonly pointer: Pointer; dispose(): void };
  private seen: Observation = { tables: new Set(), unconstrained: new Map(), equalities: new Map() };
  private required: Required = () => [];

  private readonly tables: Map<string, TableFacts>;

  constructor(tables: ReadonlyMap<string, TableFacts>) {
    this.tables = new Map();
    for (const [name, arities] of Object.entries(OSQUERY_FUNCTIONS)) {
      for (const arity of arities) this.database.createFunction({ name, arity, xFunc: () => null });
    }
    for (const name of OSQUERY_COLLATIONS) {
      capi.sqlite3_create_collation_v2(this.db, name, capi.SQLITE_UTF8, 0, () => 0, 0);
    }
    // As in osquery's build: "text" in double quotes is text where it names no column.
    capi.sqlite3_db_config(this.db, capi.SQLITE_DBCONFIG_DQS_DML, 1, 0);
    this.module = this.install();
    for (const facts of tables.values()) this.add(facts);
    capi.sqlite3_set_authorizer(this.db, (_, action, first) => this.authorize(action, first), 0);
  }

  /** Makes one more table known: of an extension, or a view. */
  add(facts: TableFacts): void {
    this.tables.set(facts.name, facts);
    capi.sqlite3_create_module(this.db, facts.name, this.module.pointer, 0);
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
   * @param required groups of columns of a table; of each one must be constrained. By default what osquery demands.
   * @returns with what was observed meanwhile; what follows the first statement is not looked at
   */
  prepare(sql: string, required: Required = ({ required }) => required): [Prepared, Observation] {
    this.seen = { tables: new Set(), unconstrained: new Map(), equalities: new Map() };
    this.required = required;
    const scope = wasm.scopedAllocPush();
    try {
      const text = wasm.scopedAllocCString(sql);
      const out = wasm.scopedAlloc(8);
      const code = capi.sqlite3_prepare_v3(this.db, text, -1, 0, out, out + 4);
      if (code !== capi.SQLITE_OK) {
        const message = capi.sqlite3_errmsg(this.db);
        const bytes = capi.sqlite3_error_offset(this.db);
        const offset = bytes < 0 ? -1 : Buffer.from(sql).subarray(0, bytes).toString().length;
        return [{ ok: false, message, offset }, this.seen];
      }
      const statement = wasm.peekPtr(out);
      const count = statement ? capi.sqlite3_column_count(statement) : 0;
      const columns = Array.from({ length: count }, (_, index) => capi.sqlite3_column_name(statement, index));
      capi.sqlite3_finalize(statement);
      return [{ ok: true, columns }, this.seen];
    } finally {
      wasm.scopedAllocPop(scope);
    }
  }

  close(): void {
    this.database.close();
    this.module.dispose();
  }

  private authorize(action: number, first: string | null): number {
    if (action === capi.SQLITE_READ && first) this.seen.tables.add(first);
    return ALLOWED.has(action) ? capi.SQLITE_OK : capi.SQLITE_DENY;
  }

  private install() {
    const ok = () => capi.SQLITE_OK;
    return vtab.setupModule({
      catchExceptions: true,
      methods: {
        xConnect: (db, _aux, _argc, argv, out) => {
          const facts = this.tables.get(wasm.cstrToJs(wasm.peekPtr(argv))); // argv[0] is the module's name
          if (!facts) return capi.SQLITE_DENY;
          const result = capi.sqlite3_declare_vtab(db, declaration(facts));
          if (result === capi.SQLITE_OK) this.connected.set(vtab.xVtab.create(out).pointer, facts);
          return result;
        },
        xDisconnect: (pointer) => {
          this.connected.delete(pointer);
          vtab.xVtab.dispose(pointer);
          return capi.SQLITE_OK;
        },
        xBestIndex: (pointer, info) => this.plan(this.connected.get(pointer), info),
        // Nothing is run: a cursor is never opened.
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

  private plan(facts: TableFacts | undefined, pointer: Pointer): number {
    if (!facts) return capi.SQLITE_DENY;
    this.seen.tables.add(facts.name);
    const info = vtab.xIndexInfo(pointer);
    const constrained = new Set<string>();
    for (let i = 0; i < info.$nConstraint; i++) {
      const { $iColumn, $op, $usable } = info.nthConstraint(i);
      const column = facts.columns[$iColumn]?.name;
      if (column === undefined || !$usable) continue;
      const isEquality = $op === capi.SQLITE_INDEX_CONSTRAINT_EQ;
      if (isEquality) this.noteEquality(`${facts.name}.${column}`, pointer, i);
      if (isEquality || (facts.takesLike && $op === capi.SQLITE_INDEX_CONSTRAINT_LIKE)) constrained.add(column);
    }
    info.$estimatedCost = 1_000_000 / (1 + constrained.size);
    info.dispose();
    const lacking = this.required(facts).find((group) => !group.some((column) => constrained.has(column)));
    if (!lacking) return capi.SQLITE_OK;
    this.seen.unconstrained.set(facts.name, lacking);
    return capi.SQLITE_CONSTRAINT;
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

const declaration = ({ columns }: TableFacts): string =>
  `CREATE TABLE x(${columns.map(({ name, type, hidden }) => `"${name.replaceAll('"', '""')}" ${type}${hidden ? ' HIDDEN' : ''}`).join(', ')})`;
