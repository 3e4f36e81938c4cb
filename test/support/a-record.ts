import type { WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import { MINUTE, T0 } from './world.ts';

/** A running task of two containers that was asked about and has not answered yet. */
export const aRecord = (record: Partial<WorkloadRecord> = {}): WorkloadRecord => ({
  workload: 'task',
  kind: 'ecs-task',
  version: 5,
  versionStep: 1,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  stopped: false,
  subjects: ['a', 'b'],
  containers: [],
  identity: {},
  occurredAtMs: T0,
  handledVersion: 5,
  handling: { host: 'h1', enrolled: true, asked: [], settleByMs: T0 + MINUTE },
  seenLive: [],
  seenPostMortem: [],
  troubles: [],
  firstEventAtMs: T0,
  ...record,
});
