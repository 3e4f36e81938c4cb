import type { Command } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly doctor`. */
export function addDoctor(program: Command): void {
  withDeploymentOptions(program.command('doctor'))
    .description('Check that Mayfly works, and say what to do where it does not')
    .argument('[host]', 'also check this host, by its identifier, its host name or a unique beginning')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly doctor', 'npx mayfly doctor i-0a1b2c3d4e5f60718', 'npx mayfly doctor --stack Mayfly --json')}

It checks the secrets, the certificate and the clock of the endpoint, the policy, the reconciler, the nodes, dead letters and
alarms. To check that agents can reach it, it sends one enroll request with a wrong secret, which must be refused; the log
shows it as enroll_refused of mayfly-doctor. It changes nothing.

Exit codes: 0 without a FAIL, 1 with one. A WARN does not count.`,
    )
    .action(lazily(async () => (await import('./doctor/doctor.ts')).doctor));
}
