import { userDataScript } from '../../stack/hosts/user-data-script.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { say } from '../terminal/print.ts';
import { enrollingIn } from './enrolling.ts';

/** Prints a script for the user data of EC2 instances. */
export async function userData({ attest, ...flags }: DeploymentFlags & { readonly attest: boolean }): Promise<void> {
  const names = await enrollingIn(flags);
  say(`#!/bin/bash\n${userDataScript({ ...names, attest })}`);
}
