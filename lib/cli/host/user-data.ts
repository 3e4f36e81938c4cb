import type { DeploymentFlags } from '../deployment-flags.ts';
import { say } from '../print.ts';
import { userDataScript } from './user-data-script.ts';

/** Prints a script for the user data of EC2 instances. */
export async function userData({ stack, id, attest }: DeploymentFlags & { readonly attest: boolean }): Promise<void> {
  if (!stack) throw new Error('instances on EC2 need a Mayfly in AWS: name its stack with --stack NAME');
  const { namesInStack } = await import('../stack-names.ts');
  const { flagfile, enrollSecretArn } = await namesInStack(stack, id);
  if (!flagfile || !enrollSecretArn)
    throw new Error(`the stack ${stack} has no outputs Flagfile and EnrollSecretArn: deploy it again`);
  say(userDataScript({ flagfile, enrollSecretArn, attest }));
}
