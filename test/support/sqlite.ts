import sqlite3InitModule, { type Database, type SqlValue } from '@sqlite.org/sqlite-wasm';

/** A real SQLite database in memory. */
export async function aDatabase(): Promise<Database> {
  const sqlite = await sqlite3InitModule();
  return new sqlite.oo1.DB(':memory:');
}

/** The first row of a query, as values. A text that starts with U+FEFF loses it on its way here: ask for `hex()`. */
export function rowOf(db: Database, sql: string): SqlValue[] {
  return db.selectArray(sql) ?? [];
}

/** What SQLite's `hex()` says of a text. */
export const hexOf = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();
