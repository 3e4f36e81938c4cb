import { type Operations, type Units, unitsOf } from './usage.ts';

export { PRESENCE_SECONDS } from './usage.ts';

/** The file of a local Mayfly's data folder with what its last run used. */
export const USAGE_FILE = 'usage.json';

/** What a run of the local Mayfly used, as AWS would meter it, and the operations that used it. */
export interface CountedRun {
  readonly startedAt: string;
  readonly seconds: number;
  readonly operations: Operations;
  readonly units: Units;
  /** By function. */
  readonly functions: Readonly<Record<string, { readonly invocations: number; readonly gbSeconds: number }>>;
  readonly firehose: { readonly requests: number; readonly gb: number };
  readonly busEvents: number;
}

export interface Comparison {
  readonly what: string;
  readonly measured: number;
  readonly estimated: number;
}

/** Measured and estimated usage for the same operations. */
export function compared({ operations, units }: CountedRun): readonly Comparison[] {
  const estimate = unitsOf(operations);
  const of = (what: string, name: keyof Units): Comparison => ({
    what,
    measured: units[name],
    estimated: estimate[name],
  });
  return [
    of('API requests', 'gatewayRequests'),
    of('invocations', 'invocations'),
    of('read units', 'readUnits'),
    of('write units', 'writeUnits'),
    of('SQS requests', 'queueRequests'),
  ];
}
