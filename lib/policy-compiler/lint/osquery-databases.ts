import type { Platform } from '../../core/policy/policy.ts';
import { OsqueryDatabase } from './osquery-database.ts';

/** A database for each platform, made when it is first asked for. */
export class OsqueryDatabases {
  private readonly made = new Map<Platform, OsqueryDatabase>();

  /** @param prepare adds to each what a policy brings with it: tables of extensions, views */
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
