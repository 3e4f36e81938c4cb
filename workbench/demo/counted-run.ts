import { endpointOf } from '../../lib/core/osquery/routes.ts';
import { type CountedRun, LEARNED_SECONDS, PRESENCE_SECONDS } from '../../lib/cost/counted-run.ts';
import { HELD_READ_SECONDS } from '../../lib/cost/usage.ts';
import type { LocalUsage } from '../local-aws/index.ts';
import type { Reported } from './log-tally.ts';

type Kind = keyof CountedRun['meanSeconds'];

/** What a function's invocations are for; undefined for what runs only at a deployment. */
function kindOf(functionName: string): Kind | undefined {
  if (/PolicySeed/.test(functionName)) return undefined;
  if (/TlsApi/.test(functionName)) return 'request';
  return /Reconciler/.test(functionName) ? 'sweep' : 'batch';
}

/**
 * A run's usage, with the operations that it came from.
 *
 * @param reported what the logs of the run say
 */
export function countedRun(usage: LocalUsage, reported: Reported): CountedRun {
  const { startedAtMs, seconds, front, functions, firehose, busEvents, readUnits, writeUnits, queues } = usage;
  const requests = Object.entries(usage.requests);
  const of = (...endpoints: readonly string[]): number =>
    sum(requests.filter(([path]) => endpoints.includes(endpointOf(path) ?? '')).map(([, count]) => count));
  const { enrollments, answers, instanceEvents, taskEnvironments } = reported;
  const lasted = (every: number): number => Math.floor(seconds / every);
  const invocations = Object.entries(functions).map(([name, counted]) => ({ kind: kindOf(name), ...counted }));
  const ofKind = (kind: Kind) => invocations.filter((one) => one.kind === kind);
  const meanOf = (kind: Kind): number => {
    const all = ofKind(kind);
    return sum(all.map((one) => one.seconds)) / Math.max(1, sum(all.map((one) => one.invocations)));
  };
  const metered = invocations.filter(({ kind }) => kind !== undefined);
  return {
    startedAt: new Date(startedAtMs).toISOString(),
    seconds,
    front,
    operations: {
      // The front looks when a read arrives, and again when queries come or after a minute.
      poll: front === 'service' ? 2 * answers + enrollments * (1 + lasted(HELD_READ_SECONDS)) : of('read'),
      presence: enrollments * lasted(PRESENCE_SECONDS),
      request: front === 'service' ? enrollments * (1 + lasted(PRESENCE_SECONDS)) : of('config', 'log'),
      enrollment: enrollments,
      launch: reported.launches,
      taskEvent: reported.taskEvents,
      staleEvent: reported.staleEvents,
      learning: Math.min(instanceEvents, taskEnvironments * enrollments * (1 + lasted(LEARNED_SECONDS))),
      ask: reported.asks,
      hint: front === 'service' ? reported.asks : 0,
      delivery: answers,
      sighting: reported.sightings,
      verdict: reported.verdicts,
      sweep: sum(ofKind('sweep').map((one) => one.invocations)),
      lookUp: reported.lookUps,
      policyLoad: reported.policyLoads,
      policyWrite: reported.policyWrites,
      message: queues.sent,
      batch: queues.batches,
    },
    units: {
      gatewayRequests: sum(requests.map(([, count]) => count)),
      invocations: sum(metered.map((one) => one.invocations)),
      readUnits,
      writeUnits,
      queueRequests: queues.requests,
      gbSeconds: sum(metered.map((one) => one.gbSeconds)),
    },
    meanSeconds: { request: meanOf('request'), batch: meanOf('batch'), sweep: meanOf('sweep') },
    functions,
    firehose: { requests: firehose.requests, gb: firehose.bytes / 1e9 },
    busEvents,
  };
}

/** @param data the folder that keeps the run's usage */
export function usageText({ front, units }: CountedRun, data: string): string {
  const { gatewayRequests, invocations, readUnits, writeUnits, gbSeconds } = units;
  const requests = front === 'service' ? '' : `${gatewayRequests} API requests, `;
  return (
    `This run used ${requests}${invocations} invocations (${gbSeconds.toFixed(0)} GB-seconds here), ` +
    `${readUnits} read and ${writeUnits} write units.\nThe estimate beside it: npx mayfly cost --data ${data}`
  );
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
