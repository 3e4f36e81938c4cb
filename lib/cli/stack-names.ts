import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { explained } from './explained.ts';
import { DATA } from './local-mayfly.ts';
import { hasMayfly, type MayflyNames, type StackOutput, theMayfly } from './stack-outputs.ts';

/**
 * Looks up the names of a Mayfly in the outputs of its stack, or of a stack nested in it.
 *
 * @throws with the next step to take
 */
export async function namesInStack(stack: string, id?: string): Promise<MayflyNames> {
  const client = new CloudFormationClient({});
  try {
    const outputs = await outputsOf(client, stack);
    if (hasMayfly(outputs)) return theMayfly(stack, outputs, id);
    const nested = await nestedMayfly(client, stack);
    return theMayfly(nested?.name ?? stack, nested?.outputs ?? outputs, id);
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') {
      throw new Error(
        `there is no stack ${stack} in ${await client.config.region()}: check its name, AWS_PROFILE and AWS_REGION`,
        { cause: error },
      );
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
