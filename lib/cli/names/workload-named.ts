import { CLOCK_AHEAD_MS } from '../../core/ledger/ledger-index.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { ambiguous } from './hosts-named.ts';

/** A name with a whole id, as ECS and EC2 make them. It is not the beginning of another one. */
const WHOLE = /^arn:.*\/([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$|^i-[0-9a-f]{17}$/;

/**
 * The workload that an operator means: by its ARN or id, or a unique beginning of one of them.
 *
 * @returns undefined if the ledger knows none
 * @throws listing the candidates, if there are several
 */
export async function workloadNamed(
  name: string,
  { ledgerIndex }: Pick<Deployment, 'ledgerIndex'>,
  nowMs: number,
): Promise<WorkloadRecord | undefined> {
  const untilMs = nowMs + CLOCK_AHEAD_MS;
  const exact = /^(arn:|i-)/.test(name) ? await ledgerIndex.find(name, untilMs) : undefined;
  if (exact || WHOLE.test(name)) return exact; // a search of all days is a read for each of their shards
  const [first, ...others] = await ledgerIndex.startingWith(name, nowMs);
  if (first === undefined) return undefined;
  if (others.length > 0) throw ambiguous(name, [first, ...others], 'workloads');
  return ledgerIndex.find(first, untilMs);
}
