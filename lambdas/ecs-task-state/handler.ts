import { eventBatch } from '../../lib/aws/event-batch.ts';
import type { Report } from '../../lib/core/report.ts';
import { handleTask, type TaskDeps } from '../../lib/core/triggers/handle-task.ts';

/** ECS task state changes and container-instance state changes. */
export const createHandler = (deps: TaskDeps, report: Report) =>
  eventBatch(
    async (event) => {
      if (event.kind === 'task') return handleTask(event.event, deps);
      if (event.kind !== 'container-instance' || !event.instance) return 'ignored';
      await deps.hosts.learn(event.arn, event.instance);
      return 'learned';
    },
    report,
    // Container instances first, so that tasks of the same batch find them; then one call to ECS for all that is left.
    async (events) => {
      for (const event of events) {
        if (event.kind === 'container-instance' && event.instance) await deps.hosts.learn(event.arn, event.instance);
      }
      const tasks = events.flatMap((event) => (event.kind === 'task' ? [event.event.task] : []));
      await deps.hosts.prefetch(
        tasks.flatMap(({ clusterArn, containerInstanceArn }) =>
          containerInstanceArn ? [{ clusterArn, containerInstanceArn }] : [],
        ),
      );
    },
  );
