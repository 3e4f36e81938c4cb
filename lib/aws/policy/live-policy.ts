import { type LivePolicy, livePolicy } from '../../core/policy/live-policy.ts';
import { PolicyCache } from '../../core/policy/policy-cache.ts';
import type { Report } from '../../core/reports/report.ts';
import type { Table } from '../table/table.ts';
import { DynamoPolicyStore } from './policy-store.ts';

/** The policy in the table. */
export const policyIn = (table: Table, now: () => number, report: Report): LivePolicy =>
  livePolicy(
    new PolicyCache({
      store: new DynamoPolicyStore(table),
      now,
      report,
    }),
  );
