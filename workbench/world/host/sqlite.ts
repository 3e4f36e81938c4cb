/*
 * Repeats the declarations of lib/policy-compiler/lint/sqlite.ts on purpose: the simulated host shares no code with the product,
 * so that a mistake in one shows up against the other.
 */
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';

/** An address in SQLite's memory. */
export type Pointer = number;

/** The structures SQLite passes to a virtual table, read through the accessors of its JavaScript binding. */
interface IndexInfo {
  readonly $nConstraint: number;
  $idxStr: Pointer;
  $needToFreeIdxStr: number;
  $estimatedCost: number;
  nthConstraint(index: number): { readonly $iColumn: number; readonly $op: number; readonly $usable: number };
  nthConstraintUsage(index: number): { $argvIndex: number };
  dispose(): void;
}

interface StructMapper<T> {
  create(out: Pointer): T;
  get(pointer: Pointer): T;
  dispose(pointer: Pointer): void;
}

/** The methods of an `sqlite3_module`, as C calls them. `xConnect: true` alone makes the table eponymous-only. */
export interface ModuleMethods {
  xConnect(db: Pointer, aux: Pointer, argc: number, argv: Pointer, out: Pointer, error: Pointer): number;
  xBestIndex(vtab: Pointer, info: Pointer): number;
  xDisconnect(vtab: Pointer): number;
  xOpen(vtab: Pointer, out: Pointer): number;
  xClose(cursor: Pointer): number;
  xFilter(cursor: Pointer, index: number, text: Pointer, argc: number, argv: Pointer): number;
  xNext(cursor: Pointer): number;
  xEof(cursor: Pointer): number;
  xColumn(cursor: Pointer, context: Pointer, column: number): number;
  xRowid(cursor: Pointer, out: Pointer): number;
}

/**
 * The part of the SQLite build that we use, typed by its real behaviour: the package's own types lack most of the
 * virtual-table interface.
 */
export interface Sqlite {
  readonly capi: {
    readonly SQLITE_OK: number;
    readonly SQLITE_ROW: number;
    readonly SQLITE_DONE: number;
    readonly SQLITE_ERROR: number;
    readonly SQLITE_CONSTRAINT: number;
    readonly SQLITE_DENY: number;
    readonly SQLITE_SELECT: number;
    readonly SQLITE_READ: number;
    readonly SQLITE_FUNCTION: number;
    readonly SQLITE_RECURSIVE: number;
    readonly SQLITE_INDEX_CONSTRAINT_EQ: number;
    sqlite3_declare_vtab(db: Pointer, sql: string): number;
    sqlite3_create_module(db: Pointer, name: string, module: Pointer, aux: Pointer): number;
    sqlite3_set_authorizer(db: Pointer, allow: (context: Pointer, action: number) => number, aux: Pointer): number;
    sqlite3_prepare_v3(db: Pointer, sql: Pointer, bytes: number, flags: number, out: Pointer, tail: Pointer): number;
    sqlite3_step(statement: Pointer): number;
    sqlite3_finalize(statement: Pointer): number;
    sqlite3_errmsg(db: Pointer): string;
    sqlite3_column_count(statement: Pointer): number;
    sqlite3_column_name(statement: Pointer, index: number): string;
    sqlite3_column_text(statement: Pointer, index: number): string | null;
    sqlite3_value_text(value: Pointer): string | null;
    sqlite3_result_double(context: Pointer, value: number): void;
    sqlite3_result_js(context: Pointer, value: string | number | bigint | null): void;
    readonly sqlite3_vtab: {
      readonly structInfo: { readonly members: { readonly zErrMsg: { readonly offset: number } } };
    };
  };
  readonly wasm: {
    allocCString(text: string): Pointer;
    cstrToJs(pointer: Pointer): string;
    peekPtr(pointer: Pointer): Pointer;
    pokePtr(pointer: Pointer, value: Pointer): void;
    peek8(pointer: Pointer): number;
    dealloc(pointer: Pointer): void;
    scopedAllocPush(): Pointer;
    scopedAllocPop(scope: Pointer): void;
    scopedAlloc(bytes: number): Pointer;
    scopedAllocCString(text: string): Pointer;
  };
  readonly vtab: {
    readonly xVtab: StructMapper<{ readonly pointer: Pointer }>;
    readonly xCursor: StructMapper<{ readonly pointer: Pointer }>;
    xIndexInfo(pointer: Pointer): IndexInfo;
    xRowid(out: Pointer, value: number): void;
    setupModule(options: { methods: ModuleMethods; catchExceptions: boolean }): { readonly pointer: Pointer };
  };
  readonly oo1: { readonly DB: new (filename: string) => SqliteDatabase };
}

interface SqliteDatabase {
  readonly pointer: Pointer;
  createFunction(options: { name: string; arity: number; deterministic: boolean; xFunc: ScalarFunction }): unknown;
}

/** A SQL function; its first argument is SQLite's context. */
export type ScalarFunction = (context: Pointer, ...values: never[]) => string | number | null;

/** One SQLite for the whole process: everything after this import is synchronous. */
export const sqlite = (await sqlite3InitModule({ print: () => {}, printErr: () => {} })) as unknown as Sqlite;
