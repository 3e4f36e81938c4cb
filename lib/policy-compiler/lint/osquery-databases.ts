import type { Platform } from '../../core/policy/policy.ts';
import type { TableFacts } from '../osquery/tables.ts';
import { OsqueryDatabase } from './osquery-database.ts';

/** A table or a view that a policy adds to osquery's. */
export type OwnTable = TableFacts | { readonly name: string; readonly sql: string };

/** The databases of all policies without tables of their own: making one takes longer than checking a small policy. */
const shared = new Map<Platform, OsqueryDatabase>();

/** One database for each platform, created on first use. */
export class OsqueryDatabases {
  private readonly made: Map<Platform, OsqueryDatabase>;

  /** @param own of the policy, added to each database in this order */
  constructor(private readonly own: readonly OwnTable[] = []) {
    this.made = own.length === 0 ? shared : new Map();
  }

  on(platform: Platform): OsqueryDatabase {
    const known = this.made.get(platform);
    if (known) return known;
    const db = new OsqueryDatabase(platform);
    this.made.set(platform, db);
    for (const one of this.own) {
      if ('sql' in one) db.addView(one.name, one.sql);
      else db.add(one);
    }
    return db;
  }

  /** Closes the databases of this policy. */
  close(): void {
    if (this.made === shared) return;
    for (const db of this.made.values()) db.close();
  }
}
