import * as z from 'zod';
import type { Platform } from '../../core/policy/policy.ts';

/** The platforms that osquery is built for, in its own words; each of its tables is on one or several. */
export const PLATFORMS = ['linux', 'darwin', 'windows'] as const satisfies readonly Platform[];
export const PlatformName = z.enum(PLATFORMS);

const ColumnSpec = z.strictObject({
  name: z.string(),
  type: z.enum(['TEXT', 'INTEGER', 'BIGINT', 'UNSIGNED BIGINT', 'DOUBLE', 'BLOB']),
  options: z.array(z.enum(['index', 'required', 'additional', 'optimized', 'hidden'])).optional(),
  collate: z.string().optional(),
  /** Shown on these platforms; elsewhere it is there and hidden. */
  platforms: z.array(PlatformName).optional(),
  /** Further names of the column, hidden. */
  aliases: z.array(z.string()).optional(),
});
export type ColumnSpec = z.infer<typeof ColumnSpec>;

const TableSpec = z.strictObject({
  platforms: z.array(PlatformName),
  attributes: z.array(z.enum(['event_subscriber', 'user_data', 'cacheable', 'utility'])).optional(),
  /** Views of the table, without its hidden columns. */
  aliases: z.array(z.string()).optional(),
  columns: z.array(ColumnSpec),
});
export type TableSpec = z.infer<typeof TableSpec>;

/** The file tables.json, which scripts/osquery-specs.ts writes. */
export const TableSpecs = z.strictObject({
  version: z.string(),
  source: z.string(),
  tables: z.record(z.string(), TableSpec),
});
