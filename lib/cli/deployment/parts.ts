import { CommandError } from '../errors/command-error.ts';
import { patiently } from '../terminal/print.ts';
import { type DeploymentFlags, isInAws, nameOf, pasted } from './deployment-flags.ts';
import { explained } from './explained.ts';
import { readyIn, type StackResource } from './local-mayfly.ts';
import { type MayflyNames, resourcesOf, theMayfly } from './stack-outputs.ts';

/** Settings of an AWS client: none for AWS itself, the endpoint and credential of a local Mayfly. */
interface ClientSettings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The resources of a Mayfly besides its table: queues, logs, secrets and alarms. */
export interface Parts {
  /** Its name in messages, such as `the stack Mayfly`. */
  readonly name: string;
  /** The flags that choose it, for commands in messages. */
  readonly chosen: string;
  readonly isLocal: boolean;
  readonly names: MayflyNames;
  readonly resources: readonly StackResource[];
  readonly client: ClientSettings;
}

/**
 * Finds the parts of the Mayfly that the flags name, and calls `work` with them.
 *
 * @param needs the permissions that the command needs in AWS, for an error that says one is missing
 * @throws with the next step to take
 */
export async function withParts<T>(
  flags: DeploymentFlags,
  needs: string,
  work: (parts: Parts) => Promise<T>,
): Promise<T> {
  const parts = await patiently('Looking up the stack', isInAws(flags) ? inAws(flags) : onThisMachine(flags));
  try {
    return await work(parts);
  } catch (error) {
    throw explained(
      error,
      parts.name,
      flags,
      `you need ${needs}, and cloudformation:DescribeStacks, ListStackResources and DescribeStackResources`,
    );
  }
}

async function inAws(flags: DeploymentFlags): Promise<Parts> {
  const { partsInAws } = await import('./stack-names.ts'); // with a client of CloudFormation
  const { names, resources } = await partsInAws(flags);
  return { name: nameOf(flags), chosen: pasted(flags), isLocal: false, names, resources, client: {} };
}

async function onThisMachine(flags: DeploymentFlags): Promise<Parts> {
  const { events: endpoint, credentials, stack } = await readyIn(flags.data);
  const name = nameOf(flags);
  if (!stack)
    throw new CommandError('OUTDATED', `${name} was started by an earlier version`, {
      next: `start it again with "npx mayfly local${pasted(flags)}"`,
    });
  const names = theMayfly(name, stack.outputs);
  const client = { endpoint, region: 'us-east-1', credentials };
  const resources = resourcesOf(names.id, stack.resources);
  return { name, chosen: pasted(flags), isLocal: true, names, resources, client };
}

/** The resources of one type. */
export const ofType = ({ resources }: Parts, type: string): StackResource[] =>
  resources.filter((resource) => resource.type === type);

/** The part of a logical id that says what a resource is: without the Mayfly's id and CDK's digest. */
export const roleOf = ({ logicalId }: StackResource, { id }: MayflyNames): string =>
  logicalId.slice(logicalId.startsWith(id) ? id.length : 0).replace(/[0-9A-F]{8}$/, '');
