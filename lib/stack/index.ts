/** What the npm package exports: the construct, and the types of its props. */
export type { AlarmTopicChoice } from './alarm-topic.ts';
export type { AttestMode } from './attestation.ts';
export type { CustomDomain } from './custom-domain.ts';
export type { ExpectAgents } from './expect-agents.ts';
export { Front } from './front.ts';
export type { AgentContainerProps } from './hosts/enroll-hosts.ts';
export { Mayfly } from './mayfly.ts';
export type { MayflyProps } from './mayfly-props.ts';
export type { Reconciler } from './reconciler.ts';
export type { ResultTables } from './result-tables.ts';
export type { ServiceFrontProps } from './service-front.ts';
export type { RequestLimit } from './tls-api.ts';
