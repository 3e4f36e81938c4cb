import type { Platform } from '../../core/policy/policy.ts';
import { OsqueryDatabase } from './osquery-database.ts';

/** One database for each platform, created on first use. */
export class OsqueryDatabases {
  private readonly made = new Map<Platform, OsqueryDatabase>();

  /** @param prepare adds a policy's own tables and views to each database */
  constructor(private readonly prepare: (db: OsqueryDatabase) => void) {}

  on(platform: Platform): OsqueryDatabase {
    const known = this.made.get(platform);
    if (known) return known;
    const db = new OsqueryDatabase(platform);
    this.made.set(platform, db);
    this.prepare(db);
    return db;
  }

  close(): void {
    for (const db of this.made.values()) db.close();
  }
}
