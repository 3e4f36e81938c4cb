import { type HostDeps, resolveHost } from '../hosts/resolve-host.ts';
import { moveWaiting } from '../queue/move.ts';
import { endInstance } from './end-instance.ts';
import { handleNotice, type LastGaspDeps } from './handle-last-gasp.ts';
import { handleLaunch, type LaunchDeps, type LaunchEvent, SAME_LAUNCH_MS } from './handle-launch.ts';
import { handleRules, type RuleDeps } from './handle-rules.ts';
import { handleTask } from './handle-task.ts';
import type { Ignored, Malformed, ParsedEvent } from './parsed-event.ts';

/** What events are handled with; what only one function may do is there for that one alone. */
export type EventDeps = LastGaspDeps & Pick<LaunchDeps, 'describeInstance'>;

/**
 * Does what one event calls for: the ledger and the rules about its workload, and the rules that ask somebody else about it.
 * The latter come first about a task, whose version counts as handled at its end, and remember what they asked; each is
 * harmless to repeat.
 *
 * @returns what it came to, for the log
 */
export async function handleEvent(event: ParsedEvent, deps: EventDeps): Promise<string> {
  if (event.kind === 'task') {
    const { task, occurredAtMs, raw } = event.event;
    await handleRules({ id: `${task.taskArn} ${task.version}`, occurredAtMs, raw }, deps, 'ecs-task-host');
    return handleTask(event.event, deps);
  }
  if (event.kind === 'launch') {
    const outcome = await handleLaunch(event.event, deps);
    const id = await launchOf(event.event, deps);
    if (id) await handleRules({ ...event.event, id }, deps, 'ec2-instance');
    return outcome;
  }
  if (event.kind === 'notice') return handleNotice(event.event, deps);
  if (event.kind === 'end') {
    const { instanceId, state } = event.event;
    const outcome = await endInstance(event.event, deps); // before all else: its key is to be dead at once
    await handleRules({ ...event.event, id: `${instanceId} ${state}` }, deps, 'ec2-instance');
    return outcome;
  }
  if (event.kind === 'other') return (await handleRules(event.event, deps)) > 0 ? 'asked' : 'noted';
  if (event.kind === 'ignored' || event.kind === 'malformed') return ignore(event, deps);
  return handleContainerInstance(event, deps);
}

/** Says why an event calls for nothing: a malformed one stays so, however often it comes. */
function ignore(event: Ignored | Malformed, { report }: Pick<RuleDeps, 'report'>): 'ignored' {
  if (event.kind === 'malformed') report('event_malformed', { why: event.why });
  else report('event_ignored', { eventId: event.eventId, why: event.why });
  return 'ignored';
}

async function handleContainerInstance(event: ContainerInstanceEvent, deps: RuleDeps): Promise<string> {
  await learnHost(event, deps);
  if ((await handleRules(event.event, deps)) > 0) return 'asked';
  if (event.instance) return 'learned';
  return ignore({ kind: 'ignored', eventId: event.event.id, why: `${event.arn} names no EC2 instance` }, deps);
}

type ContainerInstanceEvent = Extract<ParsedEvent, { kind: 'container-instance' }>;
type LearnDeps = HostDeps & Pick<RuleDeps, 'hosts'>;

/**
 * The launch that an event tells of: the same for EC2's event, its group's and a sweep's. Undefined for one that is told
 * of when the instance has been started anew, or has ended.
 */
async function launchOf({ instanceId, occurredAtMs }: LaunchEvent, { ledger }: RuleDeps): Promise<string | undefined> {
  const [instance] = await ledger.read([instanceId]);
  if (!instance || instance.stopped || occurredAtMs <= instance.version - SAME_LAUNCH_MS) return undefined;
  return `${instanceId} ${instance.version}`;
}

/** Learns which instance a container instance is, and gives its host what waited for that to be known. */
async function learnHost(event: ParsedEvent, deps: LearnDeps): Promise<void> {
  if (event.kind !== 'container-instance' || !event.instance) return;
  const { arn, instance } = event;
  await deps.hosts.learn(arn, instance, async () => moveWaiting(arn, (await resolveHost(instance, deps)).host, deps));
}

/**
 * A head start for a batch: container instances first, so that tasks of the same batch find them; then one call to ECS for
 * all that is left.
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
