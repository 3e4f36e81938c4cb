import { handleCampaign } from '../campaigns/handle-campaign.ts';
import { type HostDeps, resolveHost } from '../hosts/resolve-host.ts';
import { moveWaiting } from '../queue/move.ts';
import { endInstance } from './end-instance.ts';
import { handleNotice, type LastGaspDeps } from './handle-last-gasp.ts';
import { handleLaunch, type LaunchDeps, type LaunchEvent, SAME_LAUNCH_MS } from './handle-launch.ts';
import { handleRules, type RuleDeps } from './handle-rules.ts';
import { handleTask } from './handle-task.ts';
import type { Ignored, Malformed, ParsedEvent } from './parsed-event.ts';

/** Dependencies of event handling; `hold` and `describeInstance` are set only in the functions that may use them. */
export type EventDeps = LastGaspDeps & Pick<LaunchDeps, 'describeInstance'>;

/**
 * Handles one event: records it in the ledger, applies the rules about its workload, and then the rules with other targets.
 * For a task the other rules come first, because handling the task marks its version as handled. Every step is idempotent.
 *
 * @returns the outcome, for the log
 */
export async function handleEvent(event: ParsedEvent, deps: EventDeps): Promise<string> {
  switch (event.kind) {
    case 'task': {
      const { task, occurredAtMs, raw } = event.event;
      await handleRules({ id: `${task.taskArn} ${task.version}`, occurredAtMs, raw }, deps, 'ecs-task-host');
      return handleTask(event.event, deps);
    }
    case 'launch': {
      const outcome = await handleLaunch(event.event, deps);
      const id = await launchOf(event.event, deps);
      if (id) await handleRules({ ...event.event, id }, deps, 'ec2-instance');
      return outcome;
    }
    case 'notice':
      return handleNotice(event.event, deps);
    case 'end': {
      const { instanceId, state } = event.event;
      const outcome = await endInstance(event.event, deps); // first, so that its node key is rejected at once
      await handleRules({ ...event.event, id: `${instanceId} ${state}` }, deps, 'ec2-instance');
      return outcome;
    }
    case 'container-instance':
      return handleContainerInstance(event, deps);
    case 'campaign':
      return handleCampaign(event.event, deps);
    case 'other':
      return (await handleRules(event.event, deps)) > 0 ? 'queued' : 'noted';
    case 'ignored':
    case 'malformed':
      return ignore(event, deps);
    default: {
      const never: never = event;
      return never;
    }
  }
}

/** Reports why an event needs no action; a malformed one is not retried, because it would fail again. */
function ignore(event: Ignored | Malformed, { report }: Pick<RuleDeps, 'report'>): 'ignored' {
  if (event.kind === 'malformed') report('event_malformed', { why: event.why });
  else report('event_ignored', { eventId: event.eventId, why: event.why });
  return 'ignored';
}

async function handleContainerInstance(event: ContainerInstanceEvent, deps: RuleDeps): Promise<string> {
  await learnHost(event, deps);
  if ((await handleRules(event.event, deps)) > 0) return 'queued';
  if (event.instance) return 'learned';
  return ignore({ kind: 'ignored', eventId: event.event.id, why: `${event.arn} names no EC2 instance` }, deps);
}

type ContainerInstanceEvent = Extract<ParsedEvent, { kind: 'container-instance' }>;
type LearnDeps = HostDeps & Pick<RuleDeps, 'hosts'>;

/**
 * The id of the launch an event is about, the same for the event of EC2, of its group and of a sweep. Undefined if the instance
 * has been started again since, or has ended.
 */
async function launchOf({ instanceId, occurredAtMs }: LaunchEvent, { ledger }: RuleDeps): Promise<string | undefined> {
  const [instance] = await ledger.read([instanceId]);
  if (!instance || instance.stopped || occurredAtMs <= instance.version - SAME_LAUNCH_MS) return undefined;
  return `${instanceId} ${instance.version}`;
}

/** Learns the instance behind a container instance, and moves queries queued under the ARN to its host. */
async function learnHost(event: ParsedEvent, deps: LearnDeps): Promise<void> {
  if (event.kind !== 'container-instance' || !event.instance) return;
  const { arn, instance } = event;
  await deps.hosts.learn(arn, instance, async () => moveWaiting(arn, (await resolveHost(instance, deps)).host, deps));
}

/**
 * Prepares a batch: learns its container instances first, so that its tasks find them, then looks up the remaining ones with
 * one call to ECS for each cluster.
 */
export async function prepareBatch(events: readonly ParsedEvent[], deps: LearnDeps): Promise<void> {
  for (const event of events) await learnHost(event, deps);
  const tasks = events.flatMap((event) => (event.kind === 'task' ? [event.event.task] : []));
  await deps.hosts.prefetch(
    tasks.flatMap(({ clusterArn, containerInstanceArn }) =>
      containerInstanceArn ? [{ clusterArn, containerInstanceArn }] : [],
    ),
  );
}
