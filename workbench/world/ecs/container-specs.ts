import type { ContainerSpec } from '../host/state/container.ts';
import type { Random } from '../simulation/random.ts';
import type { Task, TaskContainer } from './task.ts';

/** The container that Docker runs for a task's container, as the ECS agent specifies it. */
export function specOf(task: Task, { definition }: TaskContainer, random: Random): ContainerSpec {
  const { command = ['/bin/sh', '-c', 'sleep infinity'], ports, mounts, connections, children } = definition;
  const network = task.request.networkMode === 'host' ? 'host' : 'bridge';
  return {
    name: dockerName(task, definition.name.replace(/[^A-Za-z0-9-]/g, ''), random),
    image: definition.image,
    command,
    labels: labelsOf(task, definition.name),
    env: { ...definition.environment, AWS_EXECUTION_ENV: task.instance ? 'AWS_ECS_EC2' : 'AWS_ECS_FARGATE' },
    fargateId: task.instance ? undefined : `${task.id}-${random.integer(1_000_000_000, 4_294_967_295)}`,
    network,
    ports,
    mounts,
    connections,
    children,
  };
}

/** The container that holds an awsvpc task's network namespace. ECS's events never show it. */
export function pauseSpec(task: Task, random: Random): ContainerSpec {
  return {
    name: dockerName(task, 'internalecspause', random),
    image: 'amazon/amazon-ecs-pause:0.1.0',
    command: ['/pause'],
    labels: labelsOf(task, '~internal~ecs~pause'),
    network: 'none',
  };
}

function dockerName({ request }: Task, container: string, random: Random): string {
  return `ecs-${request.family}-${request.revision ?? 1}-${container}-${random.hex(20)}`;
}

/** The labels that identify a task's container before its id is known. */
function labelsOf(task: Task, containerName: string): Record<string, string> {
  return {
    'com.amazonaws.ecs.cluster': task.clusterArn.split('/').at(-1) ?? '',
    'com.amazonaws.ecs.container-name': containerName,
    'com.amazonaws.ecs.task-arn': task.arn,
    'com.amazonaws.ecs.task-definition-family': task.request.family,
    'com.amazonaws.ecs.task-definition-version': String(task.request.revision ?? 1),
  };
}
