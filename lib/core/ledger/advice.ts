import type { MissReason, WorkloadRecord } from './workload.ts';

/** What to do about a miss, in one line each; docs/reference/verdicts.md has the same. */
export const ADVICE: Readonly<Record<MissReason, string>> = {
  'no-host':
    'nothing says which host it ran on, and ECS did not know its container instance: allow ecs:DescribeContainerInstances',
  'no-id':
    'it ran, and no event told the id of a container: nothing could be asked; see whether its events are complete',
  'not-enrolled': 'no agent ever came from its host: check osqueryd and its flagfile there, see "mayfly nodes"',
  'no-agent': 'no agent ever enrolled from it: put osquery into its image or user data, see "mayfly nodes"',
  'agent-silent': 'the agent was there and did not answer: check osqueryd on the host, lower distributed_interval',
  unanswered:
    'its agent took the query, polled on and never answered it: the rows are too many for one request, or the query kills the agent; see "query_unanswered" in the log, and bound it with LIMIT',
  'not-asked': 'no rule of the policy asks about it: try its event with "mayfly policy test"',
  'host-gone':
    'its host was terminated first: add the lifecycle hook of docs/hosts.md, which holds a host until it answered',
  'lost-track': 'nothing told how it went on: look into the dead-letter queues, and whether the reconciler runs',
  expired: 'the agent came after the question had expired: poll more often, or raise expires of the rule',
  limited: 'a limit dropped the question, "query_dropped" in the log says which: change it in policy.yaml, or ask less',
  'no-row': 'osquery answered without the container: it was gone, or the agent cannot reach the Docker socket',
  'query-failed': 'osquery refused the SQL: its message is in the results; try it in osqueryi on that host',
  denylisted: 'the SQL once killed the agent, which refuses it for a day: make it cheaper, or change its text',
  'too-large': 'its SQL would be too long for an agent: bind fewer values, or split the query',
  'not-on-platform':
    'the platform of its host lacks a table of the query that could prove it: add a query for that platform to the rule',
  'unsafe-id': 'its container id has characters that never reach SQL: look at the event, it may be forged',
};

/** What there is to say instead about `no-host` on Fargate; docs/reference/verdicts.md has the same. */
export const ON_FARGATE =
  'Fargate has no host of yours: only an agent in the task itself could answer; set coverageObjective to what you can keep';

/** What to do about the miss of this workload. */
export const adviceOn = (reason: MissReason, { identity }: Pick<WorkloadRecord, 'identity'>): string =>
  reason === 'no-host' && identity.launch_type === 'FARGATE' ? ON_FARGATE : ADVICE[reason];
