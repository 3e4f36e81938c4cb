import { type ModuleMethods, type Pointer, sqlite } from './sqlite.ts';
import type { Column, Constraints, Table, TableRow } from './tables/table.ts';

const { capi, wasm, vtab } = sqlite;

/** osquery's cost of a scan without a usable comparison; a scan with one costs 1 (virtual_table.cpp). */
const FULL_SCAN_COST = 1_000_000;

interface Cursor<S> {
  readonly table: Table<S>;
  readonly vtab: Pointer;
  rows: TableRow[];
  position: number;
}

/** A comparison that planning passes to the scan. */
interface Planned {
  readonly column: string;
  readonly equality: boolean;
}

/** Sets which comparisons a scan will use and passes them to the scan as text. */
function plan(columns: readonly Column[], infoPointer: Pointer): void {
  const info = vtab.xIndexInfo(infoPointer);
  const planned: string[] = [];
  for (let i = 0; i < info.$nConstraint; i++) {
    const constraint = info.nthConstraint(i);
    const column = columns[constraint.$iColumn];
    if (!constraint.$usable || !column?.index) continue; // SQLite itself filters by the others
    planned.push(`${constraint.$iColumn}:${constraint.$op}`);
    info.nthConstraintUsage(i).$argvIndex = planned.length;
  }
  info.$estimatedCost = planned.length > 0 ? 1 : FULL_SCAN_COST;
  info.$idxStr = wasm.allocCString(planned.join(' '));
  info.$needToFreeIdxStr = 1;
  info.dispose();
}

/**
 * Installs `tables` in a database as osquery does: each exists without a CREATE statement and receives the comparisons
 * on its indexed columns, and SQLite filters its rows again.
 *
 * @param stateOf returns the state the tables read; called at every scan
 */
export function installTables<S>(db: Pointer, tables: readonly Table<S>[], stateOf: () => S): void {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const byVtab = new Map<Pointer, Table<S>>();
  const cursors = new Map<Pointer, Cursor<S>>();
  const tableOf = (pointer: Pointer): Table<S> => found(byVtab.get(pointer));
  const cursorOf = (pointer: Pointer): Cursor<S> => found(cursors.get(pointer));

  const methods: ModuleMethods = {
    // SQLite defines the parameters of its callbacks.
    xConnect(database, ...[, , argv, out]) {
      const table = found(byName.get(wasm.cstrToJs(wasm.peekPtr(argv)))); // argv[0] is the module's name
      const result = capi.sqlite3_declare_vtab(database, declaration(table.columns));
      if (result === capi.SQLITE_OK) byVtab.set(vtab.xVtab.create(out).pointer, table);
      return result;
    },
    xDisconnect(pointer) {
      byVtab.delete(pointer);
      vtab.xVtab.dispose(pointer);
      return capi.SQLITE_OK;
    },
    xBestIndex(pointer, infoPointer) {
      plan(tableOf(pointer).columns, infoPointer);
      return capi.SQLITE_OK;
    },
    xOpen(pointer, out) {
      const cursor = vtab.xCursor.create(out);
      cursors.set(cursor.pointer, { table: tableOf(pointer), vtab: pointer, rows: [], position: 0 });
      return capi.SQLITE_OK;
    },
    xClose(pointer) {
      cursors.delete(pointer);
      vtab.xCursor.dispose(pointer);
      return capi.SQLITE_OK;
    },
    xFilter(pointer, ...[, text, argc, argv]) {
      const cursor = cursorOf(pointer);
      const planned = readPlan(wasm.cstrToJs(text), cursor.table.columns);
      if (lacksRequired(cursor, planned)) return capi.SQLITE_CONSTRAINT;
      cursor.rows = [...cursor.table.rows(stateOf(), constraintsOf(planned, argc, argv))];
      cursor.position = 0;
      return capi.SQLITE_OK;
    },
    xNext(pointer) {
      cursorOf(pointer).position++;
      return capi.SQLITE_OK;
    },
    xEof: (pointer) => (isAtEnd(cursorOf(pointer)) ? 1 : 0),
    xColumn(pointer, context, index) {
      writeColumn(cursorOf(pointer), context, index);
      return capi.SQLITE_OK;
    },
    xRowid(pointer, out) {
      vtab.xRowid(out, cursorOf(pointer).position);
      return capi.SQLITE_OK;
    },
  };

  const module = vtab.setupModule({ methods, catchExceptions: true });
  for (const name of byName.keys()) capi.sqlite3_create_module(db, name, module.pointer, 0);
}

/** Whether the query leaves out a column that the table requires. Sets the table's error if so. */
function lacksRequired<S>(
  { table: { name, columns }, vtab: pointer }: Cursor<S>,
  planned: ReturnType<typeof readPlan>,
): boolean {
  if (columns.every((column) => !column.required || planned.some((one) => one.column === column.name))) return false;
  setError(pointer, `Table ${name} was queried without a required column in the WHERE clause`);
  return true;
}

const isAtEnd = <S>({ position, rows }: Cursor<S>): boolean => position >= rows.length;

function writeColumn<S>({ table, rows, position }: Cursor<S>, context: Pointer, index: number): void {
  const column = found(table.columns[index]);
  const value = rows[position]?.[column.name] ?? null;
  if (column.type === 'DOUBLE' && typeof value === 'number') capi.sqlite3_result_double(context, value);
  else capi.sqlite3_result_js(context, value);
}

function declaration(columns: readonly Column[]): string {
  return `CREATE TABLE x(${columns.map((one) => `"${one.name}" ${one.type}${one.hidden ? ' HIDDEN' : ''}`).join(', ')})`;
}

/** Parses the text that xBestIndex left for xFilter: `column:operator` for each argument, in order. */
function readPlan(text: string, columns: readonly Column[]): Planned[] {
  if (text === '') return [];
  return text.split(' ').map((word) => {
    const [index, operator] = word.split(':').map(Number);
    return { column: found(columns[index ?? -1]).name, equality: operator === capi.SQLITE_INDEX_CONSTRAINT_EQ };
  });
}

function constraintsOf(planned: readonly Planned[], argc: number, argv: Pointer): Constraints {
  const equalities = new Map<string, string[]>();
  for (let i = 0; i < argc; i++) {
    const one = planned[i];
    if (!one?.equality) continue;
    const value = capi.sqlite3_value_text(wasm.peekPtr(argv + 4 * i)); // pointers are 32 bits wide in this build
    if (value) equalities.set(one.column, [...(equalities.get(one.column) ?? []), value]);
  }
  return { equals: (column) => equalities.get(column) };
}

/** Sets the error message of a virtual table's failure; SQLite frees it. */
function setError(pointer: Pointer, message: string): void {
  const field = pointer + capi.sqlite3_vtab.structInfo.members.zErrMsg.offset;
  const previous = wasm.peekPtr(field);
  if (previous) wasm.dealloc(previous);
  wasm.pokePtr(field, wasm.allocCString(message));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('SQLite asked for a table or cursor that does not exist');
  return value;
}
