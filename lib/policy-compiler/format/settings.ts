import * as z from 'zod';
import { Duration, DurationOrZero } from './duration.ts';

/** `policy.yaml`: settings that are not about one rule or one profile. Defaults apply to absent fields. */
export const Settings = z
  .strictObject({
    limits: z
      .strictObject({
        queries_per_delivery: z
          .int()
          .min(1)
          .max(20)
          .describe(
            'Queries in one delivery: this many with `evidence`, and as many others, last gasps first. Their results return together, so one slow query delays all.',
          )
          .default(3),
        pending_per_host: z
          .int()
          .min(1)
          .max(1000)
          .describe(
            'Pending queries for one host; more are refused, with a reason in the ledger. Last gasps and findings are exempt.',
          )
          .default(500),
        spacing: DurationOrZero.describe(
          'A query with the same text is not queued for a host again within this time, except for another finding.',
        ).default('10s'),
        hosts_per_trigger: z
          .int()
          .min(1)
          .max(10_000)
          .describe('Hosts that one trigger may query through `hosts-where`.')
          .default(500),
      })
      .describe('Limits that protect hosts and queue. Dropped queries are counted, and noted in the ledger.')
      .prefault({}),
    heat: DurationOrZero.describe(
      'How long an agent polls every 5 s after a start on its host; otherwise `distributed_interval` of its profile applies. See docs/performance.md, "Heat".',
    ).default('5m'),
    ledger_keeps: Duration.describe(
      'How long verdict, identity and addresses of a workload are kept after its last sign of life; the range of `mayfly who`.',
    ).default('90d'),
    ad_hoc: z
      .strictObject({
        allow: z.boolean().describe('Whether `mayfly query` and the console may ask hosts at all.').default(true),
        forbid_tables: z
          .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a table'))
          .describe('Tables that ad-hoc queries may not name, not even in a text.')
          .default([]),
      })
      .describe('What operators may ask with `mayfly query`. By default every SELECT.')
      .optional(),
    extension_tables: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a table'),
        z.array(z.string().min(1)).min(1, 'must name at least one column'),
      )
      .describe('Tables of your osquery extensions: name → columns. Queries may use them.')
      .default({}),
  })
  .describe('`policy.yaml`: limits, heat, retention of the ledger, extension tables.');

export type SettingsText = z.infer<typeof Settings>;
