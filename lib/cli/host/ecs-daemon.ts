import { daemonService, daemonTaskDefinition } from '../../stack/hosts/containers.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { say } from '../terminal/print.ts';
import { enrollingIn } from './enrolling.ts';

/** Options of an agent's container. */
export interface ContainerFlags extends DeploymentFlags {
  readonly image?: string;
  readonly logGroup?: string;
}

export interface DaemonFlags extends ContainerFlags {
  readonly attest: boolean;
  readonly executionRole?: string;
  readonly service?: string;
}

/** Prints the task definition of a daemon on ECS, or its service in a cluster. */
export async function ecsDaemon({ service, executionRole, attest, image, logGroup, ...flags }: DaemonFlags) {
  if (service !== undefined) return say(JSON.stringify(daemonService(service), null, 2));
  if (executionRole === undefined)
    throw new CommandError('COMMAND_LINE_INVALID', 'ECS reads the enroll secret with an execution role', {
      next: 'name it with --execution-role ARN',
    });
  const names = await enrollingIn(flags);
  const settings = { ...names, attest, image, logGroup, executionRoleArn: executionRole };
  say(JSON.stringify(daemonTaskDefinition(settings), null, 2));
}
