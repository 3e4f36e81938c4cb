import type { LedgerBook } from '../../core/ledger/book.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';

/** The EC2 instance that a workload ran on, or was: image, type, tags and whatever else the ledger knows of it. */
export type Machine = Readonly<Record<string, string>>;

/** Undefined where there is none in the ledger, or its agent goes by another name than the instance's id. */
export async function machineOf(
  { kind, identity, handling }: WorkloadRecord,
  book: LedgerBook,
  nowMs: number,
): Promise<Machine | undefined> {
  if (kind === 'ec2-instance') return identity;
  const host = handling?.host ?? '';
  return host.startsWith('i-') ? (await book.find(host, nowMs))?.identity : undefined;
}

/** What people want to know of a machine, as lines of a fact and its value. */
export const machineFacts = (machine: Machine | undefined): [fact: string, value: string][] => {
  const { image_id, instance_type, ...rest } = machine ?? {};
  const tags = Object.entries(rest)
    .filter(([name]) => name.startsWith('tag:'))
    .map(([name, value]) => `${name.slice('tag:'.length)}=${value}`)
    .sort();
  return [
    ...(image_id ? [['AMI', image_id] as [string, string]] : []),
    ...(instance_type ? [['instance type', instance_type] as [string, string]] : []),
    ...(tags.length > 0 ? [['tags', tags.join(', ')] as [string, string]] : []),
  ];
};
