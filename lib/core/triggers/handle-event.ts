import { handleLaunch } from './handle-launch.ts';
import { handleRules, type RuleDeps } from './handle-rules.ts';
import { handleTask } from './handle-task.ts';
import type { ParsedEvent } from './parse.ts';

/**
 * Does what one event calls for: the ledger and the rules about its workload, then rules that ask somebody else about it.
 * The latter first, because a workload's version counts as handled at its end; each is harmless to repeat.
 *
 * @returns what it came to, for the log
 */
export async function handleEvent(event: ParsedEvent, deps: RuleDeps): Promise<string> {
  if (event.kind === 'task') {
    const { task, occurredAtMs, raw } = event.event;
    await handleRules({ id: `${task.taskArn} ${task.version}`, occurredAtMs, raw }, deps, 'ecs-task-host');
    return handleTask(event.event, deps);
  }
  if (event.kind === 'launch') {
    const { instanceId, occurredAtMs, raw } = event.event;
    await handleRules({ id: `${instanceId} ${occurredAtMs}`, occurredAtMs, raw }, deps, 'ec2-instance');
    return handleLaunch(event.event, deps);
  }
  if (event.kind === 'other') return (await handleRules(event.event, deps)) > 0 ? 'asked' : 'noted';
  if (event.kind === 'ignored') return 'ignored';
  if (event.instance) await deps.hosts.learn(event.arn, event.instance);
  if ((await handleRules(event.event, deps)) > 0) return 'asked';
  return event.instance ? 'learned' : 'ignored';
}

/**
 * A head start for a batch: container instances first, so that tasks of the same batch find them; then one call to ECS for
 * all that is left.
 */
export async function prepareBatch(events: readonly ParsedEvent[], { hosts }: Pick<RuleDeps, 'hosts'>): Promise<void> {
  for (const event of events) {
    if (event.kind === 'container-instance' && event.instance) await hosts.learn(event.arn, event.instance);
  }
  const tasks = events.flatMap((event) => (event.kind === 'task' ? [event.event.task] : []));
  await hosts.prefetch(
    tasks.flatMap(({ clusterArn, containerInstanceArn }) =>
      containerInstanceArn ? [{ clusterArn, containerInstanceArn }] : [],
    ),
  );
}
