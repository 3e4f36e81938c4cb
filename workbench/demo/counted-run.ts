import { endpointOf } from '../../lib/core/osquery/routes.ts';
import { type CountedRun, PRESENCE_SECONDS } from '../../lib/cost/counted-run.ts';
import type { LocalUsage } from '../local-aws/index.ts';

/** A run's usage, with the operations that it came from. */
export function countedRun(usage: LocalUsage): CountedRun {
  const { startedAtMs, seconds, functions, firehose, busEvents, readUnits, writeUnits, queues } = usage;
  const requests = Object.entries(usage.requests);
  const of = (...endpoints: readonly string[]): number =>
    sum(requests.filter(([path]) => endpoints.includes(endpointOf(path) ?? '')).map(([, count]) => count));
  const invocations = Object.entries(functions).map(([name, counted]) => ({ name, ...counted }));
  const enrollments = of('enroll');
  return {
    startedAt: new Date(startedAtMs).toISOString(),
    seconds,
    operations: {
      polls: of('read'),
      presences: enrollments * Math.floor(seconds / PRESENCE_SECONDS),
      requests: of('config', 'log'),
      enrollments,
      events: queues.handled,
      batches: queues.batches,
      deliveries: of('write'),
      sweeps: sum(invocations.filter(({ name }) => /reconcile/i.test(name)).map((one) => one.invocations)),
    },
    units: {
      gatewayRequests: sum(requests.map(([, count]) => count)),
      invocations: sum(invocations.map((one) => one.invocations)),
      readUnits,
      writeUnits,
      queueRequests: queues.requests,
    },
    functions,
    firehose: { requests: firehose.requests, gb: firehose.bytes / 1e9 },
    busEvents,
  };
}

/** @param data the folder that keeps the run's usage */
export function usageText({ units, functions }: CountedRun, data: string): string {
  const { gatewayRequests, invocations, readUnits, writeUnits } = units;
  const gbSeconds = sum(Object.values(functions).map((one) => one.gbSeconds));
  return (
    `This run used ${gatewayRequests} API requests, ${invocations} invocations (${gbSeconds.toFixed(0)} GB-seconds here), ` +
    `${readUnits} read and ${writeUnits} write units.\nThe estimate beside it: npx mayfly cost --data ${data}`
  );
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
