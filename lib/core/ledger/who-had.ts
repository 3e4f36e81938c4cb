import { addressBits } from '../policy/ip-address.ts';
import type { WorkloadRecord } from './workload.ts';

/** A workload that had an address, and when: from its first event until it stopped. */
export interface Tenancy {
  readonly record: WorkloadRecord;
  readonly fromMs: number;
  /** When it stopped; undefined as long as no event has said so. */
  readonly untilMs?: number;
}

/** The times of this record with this address, if it ever had it. Every spelling of an address is the same one. */
export function tenancyOf(record: WorkloadRecord, address: string): Tenancy | undefined {
  const bits = addressBits(address);
  const own = (record.identity.ip ?? '').split(' ');
  if (bits === undefined || !own.some((ip) => addressBits(ip) === bits)) return undefined;
  return { record, fromMs: record.firstEventAtMs, ...(record.stopped ? { untilMs: record.occurredAtMs } : {}) };
}

/** Who had an address at a moment. */
export interface AddressAnswer {
  /** Those that had it, the latest to come first. Several where hosts share theirs, or where an end was never heard. */
  readonly had: readonly Tenancy[];
  /** Who had it last before, where nobody had it then. */
  readonly before?: Tenancy;
}

/** Who had this address at `atMs`, of these workloads. */
export async function whoHad(
  address: string,
  atMs: number,
  records: AsyncIterable<WorkloadRecord> | Iterable<WorkloadRecord>,
): Promise<AddressAnswer> {
  const had: Tenancy[] = [];
  let before: Tenancy | undefined;
  for await (const record of records) {
    const tenancy = tenancyOf(record, address);
    if (!tenancy || tenancy.fromMs > atMs) continue;
    const { untilMs } = tenancy;
    // At the very moment of its end an address is free for the next one.
    if (untilMs === undefined || untilMs > atMs) had.push(tenancy);
    else if (before?.untilMs === undefined || before.untilMs < untilMs) before = tenancy;
  }
  if (had.length > 0) return { had: had.sort((a, b) => b.fromMs - a.fromMs) };
  return { had, ...(before ? { before } : {}) };
}
