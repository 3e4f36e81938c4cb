import type { TaskEvent } from './task.ts';

/** The name of the container with the agent of a Fargate task; `lib/stack/hosts` makes containers of that name. */
const SIDECAR = 'mayfly-osquery';

/** Ids of Fargate tasks. An event cannot make Mayfly ask another host, because no instance id has this form. */
const TASK_ID = /\/([0-9a-f]{32})$/;

/**
 * The host of a Fargate task: the agent in its sidecar, which enrolls under the task's id. Undefined without a sidecar.
 *
 * @example sidecarHostOf({ taskArn: 'arn:…:task/web/0a1b…', launchType: 'FARGATE', containers: [{ name: 'mayfly-osquery' }] }) // '0a1b…'
 */
export function sidecarHostOf({
  taskArn,
  launchType,
  containers,
}: Pick<TaskEvent['task'], 'taskArn' | 'launchType'> & {
  readonly containers: readonly { readonly name: string }[];
}): string | undefined {
  const hasSidecar = launchType === 'FARGATE' && containers.some(({ name }) => name === SIDECAR);
  return hasSidecar ? TASK_ID.exec(taskArn)?.[1] : undefined;
}
