import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { seedPolicy } from '../../core/policy/seed-policy.ts';
import type { Table } from '../table/table.ts';
import { DynamoPolicyStore } from './policy-store.ts';

/** Writes the built-in policy into a table that has none. @returns whether this call wrote it */
export const seedIn = (table: Table, nowMs: number): Promise<boolean> =>
  seedPolicy(new DynamoPolicyStore(table), builtIn, nowMs);
