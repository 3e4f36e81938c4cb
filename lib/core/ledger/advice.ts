import type { MissReason, WorkloadRecord } from './workload.ts';

/** Reason of a miss → what to do about it, in one line; docs/reference/verdicts.md has the same text. */
export const ADVICE: Readonly<Record<MissReason, string>> = {
  'no-host':
    'no event named its host, and ECS did not return its container instance: allow ecs:DescribeContainerInstances',
  'no-id':
    'it ran, but no event contained the id of a container, so no query could name it: check that its events are complete',
  'not-enrolled': 'no agent has enrolled from its host: check osqueryd and its flagfile there, see "mayfly nodes"',
  'no-agent': 'no agent has enrolled from it: install osquery in its image or user data, see "mayfly nodes"',
  'agent-silent': 'the agent was enrolled and did not answer: check osqueryd on the host, lower distributed_interval',
  unanswered:
    'its agent took the query, kept polling and never answered it: the rows exceed one request, or the query kills the agent; see "query_unanswered" in the log, and limit the rows with LIMIT',
  'not-asked': 'no rule of the policy matches it: try its event with "mayfly policy test"',
  'host-gone':
    'its host was terminated before it answered: add the lifecycle hook of docs/hosts.md, which delays the termination',
  'lost-track': 'no event reported what became of it: check the dead-letter queues, and that the reconciler runs',
  expired: 'the agent polled after the query had expired: poll more often, or raise expires of the rule',
  limited:
    'a limit dropped the query, "query_dropped" in the log names it: change it in policy.yaml, or queue fewer queries',
  'no-row':
    'osquery answered without a row about the container: it was gone, or the agent cannot reach the Docker socket',
  'query-failed': 'osquery rejected the SQL: its message is in the results; try it in osqueryi on that host',
  denylisted: 'the SQL once killed the agent, which denylists it for a day: make it cheaper, or change its text',
  'too-large': 'its SQL would be too long for an agent: bind fewer values, or split the query',
  'not-on-platform':
    'the platform of its host lacks a table of the query that could prove it: add a query for that platform to the rule',
  'unsafe-id': 'its container id has characters that are not allowed in SQL: check the event, it may be forged',
};

/** The same for tasks on Fargate, where it differs. */
export const ON_FARGATE: Partial<Readonly<Record<MissReason, string>>> = {
  'no-host':
    'a Fargate task has no host of yours: add the sidecar of "mayfly host fargate-sidecar", an agent in the task itself',
  'not-enrolled': 'the agent of its sidecar has not enrolled: check the log of the container mayfly-osquery',
  'host-gone':
    'it ended before the agent of its sidecar answered: containers that depend on the start of the sidecar start after it and stop before it',
};

/** Advice on the miss of this workload. */
export const adviceOn = (reason: MissReason, { identity }: Pick<WorkloadRecord, 'identity'>): string =>
  (identity.launch_type === 'FARGATE' ? ON_FARGATE[reason] : undefined) ?? ADVICE[reason];
