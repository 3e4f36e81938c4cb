/** A task definition, as RegisterTaskDefinition accepts it or DescribeTaskDefinition returns it. */
type TaskDefinition = Readonly<Record<string, unknown>>;

/** Fields that DescribeTaskDefinition adds and RegisterTaskDefinition rejects. */
const DESCRIBED = [
  ...['taskDefinitionArn', 'revision', 'status', 'requiresAttributes', 'compatibilities'],
  ...['registeredAt', 'registeredBy', 'deregisteredAt'],
];

/**
 * Adds a sidecar to a task definition.
 *
 * @param text what `aws ecs register-task-definition` takes, or what `aws ecs describe-task-definition` prints
 * @throws naming what is wrong with it
 * @example withSidecar('{ "family": "web", "containerDefinitions": [] }', sidecar) // { family: 'web', pidMode: 'task', … }
 */
export function withSidecar(text: string, sidecar: { readonly name: string }): TaskDefinition {
  const read: unknown = JSON.parse(text);
  const definition = isObject(read) && isObject(read.taskDefinition) ? read.taskDefinition : read;
  if (!isObject(definition) || !Array.isArray(definition.containerDefinitions))
    throw new Error('it is no task definition: it has no containerDefinitions');
  const { containerDefinitions, pidMode, requiresCompatibilities } = definition;
  if (Array.isArray(requiresCompatibilities) && !requiresCompatibilities.includes('FARGATE'))
    throw new Error(
      `it requires ${requiresCompatibilities.join(', ')}: a sidecar is for Fargate, use "mayfly host ecs-daemon"`,
    );
  if (pidMode !== undefined && pidMode !== null && pidMode !== 'task')
    throw new Error(`its pidMode is ${JSON.stringify(pidMode)}: it has to be "task"`);
  if (containerDefinitions.some((container) => isObject(container) && container.name === sidecar.name))
    throw new Error(`it has a container ${sidecar.name} already`);
  const own = Object.entries(definition).filter(([name]) => !DESCRIBED.includes(name));
  return { ...Object.fromEntries(own), pidMode: 'task', containerDefinitions: [...containerDefinitions, sidecar] };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
