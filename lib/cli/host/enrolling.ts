import type { DeploymentFlags } from '../deployment-flags.ts';

/** What a host in AWS needs of its Mayfly. */
export interface EnrollingNames {
  /** Without the host's own line. */
  readonly flagfile: string;
  readonly enrollSecretArn: string;
  /** The Region of the secret. */
  readonly region: string;
}

/** Looks it up in the outputs of the stack. @throws with the next step to take */
export async function enrollingIn({ stack, id }: DeploymentFlags): Promise<EnrollingNames> {
  if (!stack) throw new Error('hosts in AWS need a Mayfly in AWS: name its stack with --stack NAME');
  const { namesInStack } = await import('../stack-names.ts');
  const { flagfile, enrollSecretArn } = await namesInStack(stack, id);
  if (!flagfile || !enrollSecretArn)
    throw new Error(`the stack ${stack} has no outputs Flagfile and EnrollSecretArn: deploy it again`);
  return { flagfile, enrollSecretArn, region: enrollSecretArn.split(':')[3] ?? '' };
}
