import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { CommandError } from '../errors/command-error.ts';
import { DATA, type DeploymentFlags, nameOf } from './deployment-flags.ts';
import { explained } from './explained.ts';
import type { StackResource } from './local-mayfly.ts';
import { hasMayfly, type MayflyNames, resourcesOf, type StackOutput, theMayfly, withTable } from './stack-outputs.ts';

/** The flags that choose a Mayfly in AWS. */
type AwsFlags = Pick<DeploymentFlags, 'stack' | 'id' | 'table'>;

/**
 * Looks up the names of a Mayfly in the outputs of its stack, or of a stack nested in it.
 *
 * @throws with the next step to take
 */
export const namesInAws = (flags: AwsFlags): Promise<MayflyNames> =>
  withCloudFormation(flags, async (client) => (await mayflyOf(client, flags)).names);

/** The same, with the resources of that Mayfly. */
export const partsInAws = (
  flags: AwsFlags,
): Promise<{ readonly names: MayflyNames; readonly resources: readonly StackResource[] }> =>
  withCloudFormation(flags, async (client) => {
    const { names, stackName } = await mayflyOf(client, flags);
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
  /** The stack that contains it: the requested one, or one nested in it. */
  readonly stackName: string;
}

const mayflyOf = (client: CloudFormationClient, { stack, id, table = '' }: AwsFlags): Promise<FoundMayfly> =>
  stack === undefined ? mayflyWith(client, table) : mayflyIn(client, stack, id);

/** The Mayfly that this table belongs to: CloudFormation knows the stack of a resource. */
async function mayflyWith(client: CloudFormationClient, table: string): Promise<FoundMayfly> {
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ PhysicalResourceId: table }));
  const [{ StackName: stackName = '' } = {}] = StackResources;
  return { names: withTable(stackName, await outputsOf(client, stackName), table), stackName };
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

async function withCloudFormation<T>(
  { stack, table }: AwsFlags,
  work: (client: CloudFormationClient) => Promise<T>,
): Promise<T> {
  const client = new CloudFormationClient({});
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') {
      const what = stack === undefined ? `no stack has a table ${table}` : `there is no stack ${stack}`;
      throw new CommandError('NOT_FOUND', `${what} in ${await client.config.region()}`, {
        next: 'check its name, AWS_PROFILE and AWS_REGION',
        cause: error,
      });
    }
    const flags = { data: DATA, stack, table };
    throw explained(error, nameOf(flags), flags, 'you need cloudformation:DescribeStacks and DescribeStackResources');
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
    throw new CommandError('AMBIGUOUS', `the stack ${stack} has Mayflies in several nested stacks`, {
      next: `name one of them, --stack ${found.map(({ name }) => name).join(' or --stack ')}`,
    });
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
