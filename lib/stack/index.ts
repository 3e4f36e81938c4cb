/** What the npm package exports: the construct, and the types of its props. */

export type { AttestMode } from './enrollment/attestation.ts';
export type { ExpectAgents } from './events/expect-agents.ts';
export type { Reconciler } from './events/reconciler.ts';
export type { CustomDomain } from './front/custom-domain.ts';
export { Front } from './front/front.ts';
export type { ServiceFrontProps } from './front/service-front.ts';
export type { RequestLimit } from './front/tls-api.ts';
export type { AgentContainerProps } from './hosts/enroll-hosts.ts';
export { Mayfly } from './mayfly.ts';
export type { MayflyProps } from './mayfly-props.ts';
export type { AlarmTopicChoice } from './operations/alarm-topic.ts';
export type { ResultTables } from './results/result-tables.ts';
