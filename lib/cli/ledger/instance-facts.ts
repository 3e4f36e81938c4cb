import { instanceDecorations as factsOf } from '../../core/ledger/instance-decorations.ts';
import type { LedgerIndex } from '../../core/ledger/ledger-index.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';

/** Facts about the EC2 instance that a workload ran on, or was: `instance_id`, `ami_id`, `instance_type`, `instance_tags`. */
export type InstanceFacts = Readonly<Record<string, string>>;

/** The facts at the workload's last event; or the current facts, if the AMI was not known at that time. */
export async function instanceFactsOf(
  record: WorkloadRecord,
  ledgerIndex: LedgerIndex,
  nowMs: number,
): Promise<InstanceFacts | undefined> {
  if (record.kind === 'ec2-instance') return factsOf(record);
  const { instanceFacts: instance, host } = record.handling ?? {};
  if (instance?.ami_id) return instance;
  const id = instance?.instance_id ?? host;
  const found = id?.startsWith('i-') ? await ledgerIndex.find(id, nowMs) : undefined;
  return found ? factsOf(found) : instance;
}

const NAMES = { instance_id: 'instance', ami_id: 'AMI', instance_type: 'type', instance_tags: 'tags' };

/** The facts about a task's instance that operators look for, as rows of name and value. */
export const hostFacts = (instance: InstanceFacts = {}): [fact: string, value: string][] =>
  ownFacts(instance).map(([name, value]) => [`host ${name}`, value]);

/** The same facts for an instance that is itself the workload. */
export const ownFacts = (instance: InstanceFacts = {}): [fact: string, value: string][] =>
  Object.entries(NAMES).flatMap(([fact, name]): [string, string][] => {
    const value = instance[fact];
    return value ? [[name, value]] : [];
  });
