import { FUNCTIONS } from './sql-functions.ts';
import { type Pointer, sqlite } from './sqlite.ts';
import type { Table } from './tables/table.ts';
import { installTables } from './virtual-tables.ts';

const { capi, wasm } = sqlite;

/** A row as osquery reports it: every value is text, and NULL is the empty text. */
export type Row = Record<string, string>;

/** The outcome of a query: its rows, or SQLite's error message. */
export type SqlAnswer =
  | { readonly ok: true; readonly columns: readonly string[]; readonly rows: readonly Row[] }
  | { readonly ok: false; readonly message: string };

/** Queries may only read. Any other action is "not authorized", as with osquery's own authorizer. */
const ALLOWED_ACTIONS: ReadonlySet<number> = new Set([
  capi.SQLITE_SELECT,
  capi.SQLITE_READ,
  capi.SQLITE_FUNCTION,
  capi.SQLITE_RECURSIVE,
]);

/**
 * Runs SQL with SQLite over virtual tables. One engine serves any number of hosts: each query gets the state that the
 * tables show and runs to its end without interruption.
 */
export class SqlEngine<S> {
  private readonly db: Pointer;
  private state: S | undefined;

  constructor(readonly tables: readonly Table<S>[]) {
    const database = new sqlite.oo1.DB(':memory:');
    this.db = database.pointer;
    for (const [name, { arity, run }] of Object.entries(FUNCTIONS)) {
      database.createFunction({ name, arity, deterministic: true, xFunc: run });
    }
    installTables(this.db, tables, () => {
      if (this.state === undefined) throw new Error('a table was read outside a query');
      return this.state;
    });
    capi.sqlite3_set_authorizer(this.db, (_, action) => (ALLOWED_ACTIONS.has(action) ? 0 : capi.SQLITE_DENY), 0);
  }

  /**
   * Runs every statement of `sql`. The first statement sets the column names; later statements add rows with only those
   * columns. The first failure is the whole answer.
   */
  run(sql: string, state: S): SqlAnswer {
    const before = this.state;
    this.state = state;
    const scope = wasm.scopedAllocPush();
    try {
      return this.runAll(wasm.scopedAllocCString(sql), wasm.scopedAlloc(8));
    } finally {
      wasm.scopedAllocPop(scope);
      this.state = before;
    }
  }

  private runAll(sql: Pointer, out: Pointer): SqlAnswer {
    let columns: string[] | undefined;
    const rows: Row[] = [];
    const tail = out + 4;
    for (let rest = sql; wasm.peek8(rest) !== 0; rest = wasm.peekPtr(tail)) {
      if (capi.sqlite3_prepare_v3(this.db, rest, -1, 0, out, tail) !== capi.SQLITE_OK) return this.failure();
      const statement = wasm.peekPtr(out);
      if (!statement) continue; // white space or a comment
      const names = columnNames(statement);
      columns ??= names;
      let step = capi.sqlite3_step(statement);
      for (; step === capi.SQLITE_ROW; step = capi.sqlite3_step(statement)) {
        rows.push(readRow(statement, names, columns));
      }
      const failure = step === capi.SQLITE_DONE ? undefined : this.failure();
      capi.sqlite3_finalize(statement);
      if (failure) return failure;
    }
    return { ok: true, columns: columns ?? [], rows };
  }

  private failure(): SqlAnswer {
    return { ok: false, message: capi.sqlite3_errmsg(this.db) };
  }
}

function columnNames(statement: Pointer): string[] {
  const count = capi.sqlite3_column_count(statement);
  return Array.from({ length: count }, (_, index) => capi.sqlite3_column_name(statement, index));
}

/** If columns share a name, the last one wins. Values have SQLite's own text form, which is what osquery sends. */
function readRow(statement: Pointer, names: readonly string[], kept: readonly string[]): Row {
  const row: Row = Object.create(null);
  names.forEach((name, index) => {
    if (kept.includes(name)) row[name] = capi.sqlite3_column_text(statement, index) ?? '';
  });
  return row;
}
