import { isLost } from './verdict.ts';
import type { WorkloadRecord } from './workload.ts';

/** A workload that had an address, and when. */
export interface Tenancy {
  readonly record: WorkloadRecord;
  readonly fromMs: number;
  /** When it gave the address up, where that is known. */
  readonly leftAtMs?: number;
}

/** A tenancy with its end; undefined as long as it lasts. */
export interface Tenant extends Tenancy {
  readonly untilMs?: number;
}

/** Who had an address at a moment. */
export interface AddressAnswer {
  /** One; several where networks use the same private addresses. The latest to come first. */
  readonly had: readonly Tenant[];
  /** Who had it last before, where nobody had it then. */
  readonly before?: Tenant;
}

/**
 * Who had an address at `atMs`, of those who came last to it, one a realm. An address has one holder at a time, so whoever
 * came before has left, whether anybody told or not.
 */
export function whoHad(tenancies: readonly Tenancy[], atMs: number, nowMs: number): AddressAnswer {
  const tenants = tenancies
    .filter(({ fromMs }) => fromMs <= atMs)
    .map((tenancy): Tenant => {
      const untilMs = tenancy.leftAtMs ?? endOf(tenancy.record, nowMs);
      return untilMs === undefined ? tenancy : { ...tenancy, untilMs };
    })
    .sort((a, b) => b.fromMs - a.fromMs || (a.record.workload < b.record.workload ? -1 : 1));
  // At the very moment of its end an address is free for the next one.
  const had = tenants.filter(({ untilMs }) => untilMs === undefined || untilMs > atMs);
  if (had.length > 0) return { had };
  const [before] = tenants.toSorted((a, b) => (b.untilMs ?? 0) - (a.untilMs ?? 0));
  return { had, ...(before ? { before } : {}) };
}

function endOf(record: WorkloadRecord, nowMs: number): number | undefined {
  if (record.stopped) return record.occurredAtMs;
  return isLost(record, nowMs) ? record.lastSignAtMs : undefined;
}
