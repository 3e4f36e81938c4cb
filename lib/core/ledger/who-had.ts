import { isLost } from './verdict.ts';
import type { WorkloadRecord } from './workload.ts';

/** A workload that had an address, and from when. */
export interface Tenancy {
  readonly record: WorkloadRecord;
  readonly fromMs: number;
  /** When it gave up the address, if known. */
  readonly releasedAtMs?: number;
}

/** A tenancy with its end; `untilMs` is undefined while it lasts. */
export interface Tenant extends Tenancy {
  readonly untilMs?: number;
}

/** Which workloads had an address at one time. */
export interface AddressAnswer {
  /** At most one for each realm: several if networks use the same private addresses. The latest first. */
  readonly had: readonly Tenant[];
  /** The last holder before, if there was none at that time. */
  readonly before?: Tenant;
}

/**
 * Finds which workloads had an address at `atMs`.
 *
 * @param tenancies the latest of each realm. An address has one holder at a time in a realm, so every earlier tenancy has
 *   ended, even if no event reported its end
 */
export function whoHad(tenancies: readonly Tenancy[], atMs: number, nowMs: number): AddressAnswer {
  const tenants = tenancies
    .filter(({ fromMs }) => fromMs <= atMs)
    .map((tenancy): Tenant => ({ ...tenancy, untilMs: tenancy.releasedAtMs ?? endOf(tenancy.record, nowMs) }))
    .sort((a, b) => b.fromMs - a.fromMs || (a.record.workload < b.record.workload ? -1 : 1));
  // The end is exclusive: at that moment the address is free for the next workload.
  const had = tenants.filter(({ untilMs }) => untilMs === undefined || untilMs > atMs);
  if (had.length > 0) return { had };
  const [before] = tenants.toSorted((a, b) => (b.untilMs ?? 0) - (a.untilMs ?? 0));
  return { had, before };
}

function endOf(record: WorkloadRecord, nowMs: number): number | undefined {
  if (record.stopped) return record.occurredAtMs;
  return isLost(record, nowMs) ? record.lastSignAtMs : undefined;
}
