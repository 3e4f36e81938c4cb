import sqlite3InitModule from '@sqlite.org/sqlite-wasm';

/** An address in SQLite's memory. */
export type Pointer = number;

/** SQLite's `sqlite3_index_info`, through the accessors of its JavaScript binding. */
export interface IndexInfo {
  readonly $nConstraint: number;
  /** A bit for each of the first 63 columns that the statement reads, the last one for all others. */
  readonly $colUsed: bigint | number;
  $idxNum: number;
  $estimatedCost: number;
  nthConstraint(index: number): { readonly $iColumn: number; readonly $op: number; readonly $usable: number };
  nthConstraintUsage(index: number): { $argvIndex: number };
  dispose(): void;
}

interface StructMapper {
  create(out: Pointer): { readonly pointer: Pointer };
  dispose(pointer: Pointer): void;
}

/** The methods of an `sqlite3_module` that are needed to prepare statements. Only `xConnect` makes the table eponymous-only. */
interface ModuleMethods {
  xConnect(db: Pointer, aux: Pointer, argc: number, argv: Pointer, out: Pointer): number;
  xBestIndex(vtab: Pointer, info: Pointer): number;
  xDisconnect(vtab: Pointer): number;
  xOpen(vtab: Pointer, out: Pointer): number;
  xClose(cursor: Pointer): number;
  xFilter(cursor: Pointer): number;
  xNext(cursor: Pointer): number;
  xEof(cursor: Pointer): number;
  xColumn(cursor: Pointer, context: Pointer, column: number): number;
  xRowid(cursor: Pointer, out: Pointer): number;
}

interface Database {
  readonly pointer: Pointer;
  exec(sql: string): unknown;
  close(): void;
}

/** The part of the SQLite build that we use, typed as it behaves: the package's own types lack the virtual tables. */
interface Sqlite {
  readonly capi: {
    readonly SQLITE_OK: number;
    readonly SQLITE_ROW: number;
    readonly SQLITE_DENY: number;
    readonly SQLITE_SELECT: number;
    readonly SQLITE_READ: number;
    readonly SQLITE_FUNCTION: number;
    readonly SQLITE_RECURSIVE: number;
    readonly SQLITE_INDEX_CONSTRAINT_EQ: number;
    readonly SQLITE_INDEX_CONSTRAINT_GT: number;
    readonly SQLITE_INDEX_CONSTRAINT_GE: number;
    readonly SQLITE_INDEX_CONSTRAINT_LT: number;
    readonly SQLITE_INDEX_CONSTRAINT_LE: number;
    readonly SQLITE_INDEX_CONSTRAINT_LIKE: number;
    readonly SQLITE_DBCONFIG_DQS_DML: number;
    readonly SQLITE_DBCONFIG_DQS_DDL: number;
    readonly SQLITE_UTF8: number;
    sqlite3_declare_vtab(db: Pointer, sql: string): number;
    sqlite3_create_module(db: Pointer, name: string, module: Pointer, aux: Pointer): number;
    sqlite3_create_function_v2(
      db: Pointer,
      name: string,
      arity: number,
      encoding: number,
      aux: Pointer,
      call: Pointer,
      step: Pointer,
      final: Pointer,
      destroy: Pointer,
    ): number;
    sqlite3_create_collation_v2(
      db: Pointer,
      name: string,
      encoding: number,
      aux: Pointer,
      compare: Pointer,
      destroy: Pointer,
    ): number;
    sqlite3_db_config(db: Pointer, option: number, on: number, out: Pointer): number;
    sqlite3_set_authorizer(
      db: Pointer,
      allow: ((aux: Pointer, action: number, first: string | null, second: string | null) => number) | 0,
      aux: Pointer,
    ): number;
    sqlite3_prepare_v3(db: Pointer, sql: Pointer, bytes: number, flags: number, out: Pointer, tail: Pointer): number;
    sqlite3_step(statement: Pointer): number;
    sqlite3_column_text(statement: Pointer, index: number): string | null;
    sqlite3_column_int(statement: Pointer, index: number): number;
    sqlite3_finalize(statement: Pointer): number;
    sqlite3_errmsg(db: Pointer): string;
    sqlite3_error_offset(db: Pointer): number;
    sqlite3_column_count(statement: Pointer): number;
    sqlite3_column_name(statement: Pointer, index: number): string;
    sqlite3_value_text(value: Pointer): string | null;
    sqlite3_vtab_in(info: Pointer, constraint: number, handle: number): number;
    sqlite3_vtab_rhs_value(info: Pointer, constraint: number, out: Pointer): number;
  };
  readonly wasm: {
    installFunction(signature: string, callback: () => number): Pointer;
    cstrToJs(pointer: Pointer): string;
    peekPtr(pointer: Pointer): Pointer;
    peek8(pointer: Pointer): number;
    pokePtr(pointer: Pointer, value: Pointer): void;
    scopedAllocPush(): Pointer;
    scopedAllocPop(scope: Pointer): void;
    scopedAlloc(bytes: number): Pointer;
    scopedAllocCString(text: string): Pointer;
  };
  readonly vtab: {
    readonly xVtab: StructMapper;
    readonly xCursor: StructMapper;
    xIndexInfo(pointer: Pointer): IndexInfo;
    setupModule(options: { methods: ModuleMethods; catchExceptions: boolean }): {
      readonly pointer: Pointer;
      dispose(): void;
    };
  };
  readonly oo1: { readonly DB: new (filename: string) => Database };
}

/** SQLite, loaded once per process. After this import, everything is synchronous. */
export const sqlite = (await sqlite3InitModule({ print: () => {}, printErr: () => {} })) as unknown as Sqlite;
