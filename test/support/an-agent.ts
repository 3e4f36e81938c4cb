import type { Newcomer } from '../../lib/core/enrollment/plan-enroll.ts';
import type { NodeIdentity } from '../../lib/core/nodes/node.ts';
import type { Answer, Row } from '../../lib/core/results/answer.ts';
import { MINUTE } from './times.ts';

export const anIdentity = (identity: Partial<NodeIdentity> = {}): NodeIdentity => ({
  hostname: 'ip-10-0-12-34',
  uuid: 'uuid-1',
  agentInstance: 'agent-1',
  platform: 'ubuntu',
  osqueryVersion: '5.17.0',
  vendor: 'Amazon EC2',
  ...identity,
});

/** An enrolling agent without any known fact for or against it. */
export const aNewcomer = (
  host: string,
  identity: Partial<NodeIdentity> = {},
  more: Partial<Newcomer> = {},
): Newcomer => ({
  identifier: host,
  host,
  identity: anIdentity(identity),
  attested: false,
  fit: 'unknown',
  fitBefore: 'unknown',
  contestMs: 2 * MINUTE,
  ...more,
});

export const anAnswer = (wireId: string, rows: readonly Row[] = [], answer: Partial<Answer> = {}): Answer => ({
  wireId,
  status: 0,
  message: '',
  rows,
  ...answer,
});
