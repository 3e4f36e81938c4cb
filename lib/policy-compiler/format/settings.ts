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
            'Queries handed to a host at once: so many with `evidence`, which make the verdict, and so many others, last gasps first. Their results come together, so one slow query holds back all.',
          )
          .default(3),
        pending_per_host: z
          .int()
          .min(1)
          .max(1000)
          .describe(
            'Queries that may wait for one host; more are refused, with a ledger reason. There is always room for last gasps and findings.',
          )
          .default(500),
        spacing: DurationOrZero.describe(
          'The same query with the same text is not asked of a host again within this, but for another finding.',
        ).default('10s'),
        hosts_per_trigger: z
          .int()
          .min(1)
          .max(10_000)
          .describe('Hosts that one trigger may reach through `hosts-where`.')
          .default(500),
      })
      .describe('What protects hosts and queue. Whatever a limit drops is in the ledger and counted.')
      .prefault({}),
    heat: DurationOrZero.describe(
      'How long a start on a host keeps its agent polling every 5 s; in between it polls as `distributed_interval` of its profile says. Why so long: docs/performance.md, "Heat".',
    ).default('5m'),
    ledger_keeps: Duration.describe(
      'How long a workload is remembered after the last sign of it: verdict, identity, addresses. So far back `mayfly who` knows.',
    ).default('90d'),
    extension_tables: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a table'),
        z.array(z.string().min(1)).min(1, 'must name at least one column'),
      )
      .describe('Tables of your osquery extensions: name → columns. Queries may use them.')
      .default({}),
  })
  .describe('`policy.yaml`: limits, heat, how long the ledger keeps, extension tables.');

export type SettingsText = z.infer<typeof Settings>;
