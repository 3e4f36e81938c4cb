import type { ResultLine } from '../../lib/core/results/lines.ts';
import { dockerId, taskArn } from './builders.ts';
import { T0 } from './times.ts';

/** A stored row about the container of task 1. */
export const aLine = (line: Partial<ResultLine> = {}): ResultLine => {
  const storedAtMs = line.storedAtMs ?? T0;
  return {
    kind: 'result',
    time: new Date(storedAtMs).toISOString(),
    storedAtMs,
    host: 'i-0a1b2c3d4e5f60718',
    hostname: 'web-7',
    rule: 'ecs-task-running',
    query: 'container',
    set: 'live',
    status: 0,
    message: '',
    late: false,
    repeat: false,
    workload: taskArn(1),
    decorations: { cluster: 'ephemeral-prod', task_family: 'api', container_name: 'envoy' },
    id: `id-${storedAtMs}-${JSON.stringify(line.columns ?? {}).length}-${line.query ?? ''}`,
    queryId: 'q0001',
    columns: { id: dockerId(1), name: 'envoy', state: 'running' },
    ...line,
  };
};
