import * as z from 'zod';
import { FUNCTION_GB, hintUnitsIn, type Operations, type Units, unitsOf } from './usage.ts';

export { LEARNED_SECONDS, PRESENCE_SECONDS } from './usage.ts';

/** The file of a local Mayfly's data folder with what its last run used. */
export const USAGE_FILE = 'usage.json';

const count = z.number();
const counts = <Name extends string>(...names: readonly Name[]) => z.record(z.enum(names), count);

/** What a run of the local Mayfly used, as AWS would meter it, and the operations that used it. */
export const CountedRun = z.object({
  startedAt: z.string(),
  seconds: z.number(),
  front: z.enum(['serverless', 'service']),
  operations: counts(
    ...(['poll', 'presence', 'request', 'enrollment', 'launch', 'taskEvent', 'staleEvent', 'learning'] as const),
    ...(['ask', 'hint', 'delivery', 'sighting', 'verdict', 'sweep', 'lookUp', 'policyLoad', 'policyWrite'] as const),
    ...(['message', 'batch'] as const),
  ),
  units: counts('gatewayRequests', 'invocations', 'readUnits', 'writeUnits', 'queueRequests', 'gbSeconds'),
  /** The mean duration of an invocation of each kind on this machine. */
  meanSeconds: counts('request', 'batch', 'sweep'),
  /** By function. */
  functions: z.record(z.string(), z.object({ invocations: count, gbSeconds: count })),
  firehose: z.object({ requests: count, gb: count }),
  busEvents: count,
});
export type CountedRun = z.infer<typeof CountedRun>;

export interface Comparison {
  readonly what: string;
  readonly measured: number;
  readonly estimated: number;
}

/** Measured and estimated usage for the same operations. */
export function compared(run: CountedRun): readonly Comparison[] {
  const estimate = estimateOf(run);
  const of = (what: string, name: keyof CountedRun['units']): Comparison => ({
    what,
    measured: run.units[name],
    estimated: estimate[name],
  });
  const lines = [
    of('invocations', 'invocations'),
    of('GB-seconds', 'gbSeconds'),
    of('read units', 'readUnits'),
    of('write units', 'writeUnits'),
    of('SQS requests', 'queueRequests'),
  ];
  return run.front === 'service' ? lines : [of('API requests', 'gatewayRequests'), ...lines];
}

/** GB-seconds are estimated with the durations of this machine, because those of Lambda are not known here. */
function estimateOf({ front, operations, meanSeconds, seconds }: CountedRun): CountedRun['units'] {
  const units = unitsOf(operations satisfies Operations);
  const { batch, sweep } = operations;
  const requests = front === 'service' ? 0 : units.gatewayRequests;
  const busySeconds = requests * meanSeconds.request + batch * meanSeconds.batch + sweep * meanSeconds.sweep;
  return {
    ...(units satisfies Units),
    gatewayRequests: requests,
    invocations: requests + batch + sweep,
    readUnits: units.readUnits + (front === 'service' ? hintUnitsIn(seconds) : 0),
    gbSeconds: FUNCTION_GB * busySeconds,
  };
}
