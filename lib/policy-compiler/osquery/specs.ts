import * as z from 'zod';
import type { Platform } from '../../core/policy/policy.ts';

/** The platforms that osquery is built for, by its own names. */
export const PLATFORMS = ['linux', 'darwin', 'windows'] as const satisfies readonly Platform[];
export const PlatformName = z.enum(PLATFORMS);

const ColumnSpec = z.strictObject({
  name: z.string(),
  type: z.enum(['TEXT', 'INTEGER', 'BIGINT', 'UNSIGNED BIGINT', 'DOUBLE', 'BLOB']),
  options: z.array(z.enum(['index', 'required', 'additional', 'optimized', 'hidden'])).optional(),
  collate: z.string().optional(),
  /** The column is visible on these platforms, and hidden on the others. */
  platforms: z.array(PlatformName).optional(),
  /** Other names of the column, which are hidden columns. */
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
