import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { CommandError } from './command-error.ts';
import { explained } from './explained.ts';
import { DATA, type StackResource } from './local-mayfly.ts';
import { hasMayfly, type MayflyNames, resourcesOf, type StackOutput, theMayfly } from './stack-outputs.ts';

/**
 * Looks up the names of a Mayfly in the outputs of its stack, or of a stack nested in it.
 *
 * @throws with the next step to take
 */
export const namesInStack = (stack: string, id?: string): Promise<MayflyNames> =>
  withCloudFormation(stack, async (client) => (await mayflyIn(client, stack, id)).names);

/** The same, with the resources of that Mayfly. */
export const partsInStack = (
  stack: string,
  id?: string,
): Promise<{ readonly names: MayflyNames; readonly resources: readonly StackResource[] }> =>
  withCloudFormation(stack, async (client) => {
    const { names, stackName } = await mayflyIn(client, stack, id);
    const resources: StackResource[] = [];
    for await (const { StackResourceSummaries = [] } of paginateListStackResources(
      { client },
      { StackName: stackName },
    ))
      resources.push(...StackResourceSummaries.flatMap(resourceOf));
    return { names, resources: resourcesOf(names.id, resources) };
  });

interface FoundMayfly {
  readonly names: MayflyNames;
  /** The stack that has it: the one that was asked for, or one nested in it. */
  readonly stackName: string;
}

async function mayflyIn(client: CloudFormationClient, stack: string, id?: string): Promise<FoundMayfly> {
  const outputs = await outputsOf(client, stack);
  const nested = hasMayfly(outputs) ? undefined : await nestedMayfly(client, stack);
  const stackName = nested?.name ?? stack;
  return { names: theMayfly(stackName, nested?.outputs ?? outputs, id), stackName };
}

const resourceOf = ({ LogicalResourceId, PhysicalResourceId, ResourceType }: StackResourceSummary): StackResource[] =>
  LogicalResourceId && PhysicalResourceId && ResourceType
    ? [{ logicalId: LogicalResourceId, physicalId: PhysicalResourceId, type: ResourceType }]
    : [];

async function withCloudFormation<T>(stack: string, work: (client: CloudFormationClient) => Promise<T>): Promise<T> {
  const client = new CloudFormationClient({});
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') {
      throw new CommandError('NOT_FOUND', `there is no stack ${stack} in ${await client.config.region()}`, {
        next: 'check its name, AWS_PROFILE and AWS_REGION',
        cause: error,
      });
    }
    throw explained(error, `the stack ${stack}`, { data: DATA, stack });
  } finally {
    client.destroy();
  }
}

/** A stack nested in another. */
interface Nested {
  readonly name: string;
  readonly outputs: readonly StackOutput[];
}

async function outputsOf(client: CloudFormationClient, stack: string): Promise<readonly StackOutput[]> {
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
  return Stacks[0]?.Outputs ?? [];
}

/** The only stack nested in this one, at any depth, that has a Mayfly. @throws naming them if there are several */
async function nestedMayfly(client: CloudFormationClient, stack: string): Promise<Nested | undefined> {
  const found: Nested[] = [];
  const open = [stack];
  for (let parent = open.shift(); parent !== undefined; parent = open.shift())
    for (const name of await nestedIn(client, parent)) {
      const outputs = await outputsOf(client, name);
      if (hasMayfly(outputs)) found.push({ name, outputs });
      else open.push(name);
    }
  const [first, ...others] = found;
  if (others.length > 0)
    throw new Error(
      `the stack ${stack} has Mayflies in several nested stacks: name one of them, ${found.map(({ name }) => name).join(' or ')}`,
    );
  return first;
}

/** The names of the stacks nested in this one. */
async function nestedIn(client: CloudFormationClient, stack: string): Promise<string[]> {
  const names: string[] = [];
  // The physical id is the ARN: arn:aws:cloudformation:…:stack/<name>/<uuid>
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: stack }))
    for (const { ResourceType, PhysicalResourceId = '' } of StackResourceSummaries)
      if (ResourceType === 'AWS::CloudFormation::Stack') names.push(PhysicalResourceId.split('/')[1] ?? '');
  return names.filter((name) => name !== '');
}
