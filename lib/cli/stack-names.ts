import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CommandError } from './command-error.ts';
import { explained } from './explained.ts';
import { DATA } from './local-mayfly.ts';
import { type MayflyNames, theMayfly } from './stack-outputs.ts';

/** Looks up the names of a Mayfly in the outputs of its stack. @throws with the next step to take */
export async function namesInStack(stack: string, id?: string): Promise<MayflyNames> {
  const client = new CloudFormationClient({});
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return theMayfly(stack, Stacks[0]?.Outputs ?? [], id);
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
