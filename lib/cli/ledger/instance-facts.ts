import { instanceDecorations as factsOf } from '../../core/ledger/instance-decorations.ts';
import type { LedgerIndex } from '../../core/ledger/ledger-index.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';

/** The EC2 instance that a workload ran on, or was: `instance_id`, `ami_id`, `instance_type`, `instance_tags`. */
export type InstanceFacts = Readonly<Record<string, string>>;

/** As it was when the workload was last heard of; where its image was not known yet then, as it is known now. */
export async function instanceFactsOf(
  record: WorkloadRecord,
  ledgerIndex: LedgerIndex,
  nowMs: number,
): Promise<InstanceFacts | undefined> {
  if (record.kind === 'ec2-instance') return factsOf(record);
  const { instanceFacts, host } = record.handling ?? {};
  if (instanceFacts?.ami_id) return instanceFacts;
  const instance = instanceFacts?.instance_id ?? host;
  const found = instance?.startsWith('i-') ? await ledgerIndex.find(instance, nowMs) : undefined;
  return found ? factsOf(found) : instanceFacts;
}

const NAMES = { instance_id: 'instance', ami_id: 'AMI', instance_type: 'type', instance_tags: 'tags' };

/** What people want to know of the machine below a task, as lines of a fact and its value. */
export const hostFacts = (machine: InstanceFacts = {}): [fact: string, value: string][] =>
  ownFacts(machine).map(([name, value]) => [`host ${name}`, value]);

/** The same of a machine that is itself what is looked at. */
export const ownFacts = (machine: InstanceFacts = {}): [fact: string, value: string][] =>
  Object.entries(NAMES).flatMap(([fact, name]): [string, string][] => {
    const value = machine[fact];
    return value ? [[name, value]] : [];
  });
