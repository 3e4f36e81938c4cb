import { hostname, userInfo } from 'node:os';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { explained } from '../deployment/explained.ts';

/** Who asks: the ARN of the caller in AWS, the user of this machine for a local Mayfly. */
export async function askerOf(flags: DeploymentFlags): Promise<string> {
  if (!flags.stack && !flags.table) return `${userInfo().username}@${hostname()}`;
  const client = new STSClient({});
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Arn ?? 'unknown';
  } catch (error) {
    throw explained(error, 'AWS', flags);
  } finally {
    client.destroy();
  }
}
