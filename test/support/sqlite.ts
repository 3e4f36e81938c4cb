import sqlite3InitModule, { type Database, type SqlValue } from '@sqlite.org/sqlite-wasm';

/** Opens a real in-memory SQLite database. */
export async function aDatabase(): Promise<Database> {
  const sqlite = await sqlite3InitModule();
  return new sqlite.oo1.DB(':memory:');
}

/** Returns the first row of a query as values. A text that starts with U+FEFF loses it here: select `hex()` instead. */
export function rowOf(db: Database, sql: string): SqlValue[] {
  return db.selectArray(sql) ?? [];
}

/** Returns SQLite's `hex()` of a text. */
export const hexOf = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();
