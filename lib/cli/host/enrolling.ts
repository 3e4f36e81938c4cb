import { type DeploymentFlags, isInAws, nameOf } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';

/** What a host in AWS needs of its Mayfly. */
export interface EnrollingNames {
  /** Without the host's own line. */
  readonly flagfile: string;
  readonly enrollSecretArn: string;
  /** The Region of the secret. */
  readonly region: string;
}

/** Looks it up in the outputs of the stack. @throws with the next step to take */
export async function enrollingIn(flags: DeploymentFlags): Promise<EnrollingNames> {
  if (!isInAws(flags))
    throw new CommandError('COMMAND_LINE_INVALID', 'hosts in AWS need a Mayfly in AWS', {
      next: 'name its stack with --stack NAME',
    });
  const { namesInAws } = await import('../deployment/stack-names.ts');
  const { flagfile, enrollSecretArn } = await namesInAws(flags);
  if (!flagfile || !enrollSecretArn)
    throw new CommandError('OUTDATED', `${nameOf(flags)} has no outputs Flagfile and EnrollSecretArn`, {
      next: 'deploy it again',
    });
  return { flagfile, enrollSecretArn, region: enrollSecretArn.split(':')[3] ?? '' };
}
