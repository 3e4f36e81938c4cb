import { type Command, InvalidArgumentError } from 'commander';
import { withDeploymentOptions } from './deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './print.ts';

/** Adds `mayfly host flags`, `mayfly host user-data` and `mayfly host lint`. */
export function addHost(program: Command): void {
  const host = program
    .command('host')
    .description('Print what a host needs to enroll, or check what it has')
    .addHelpText('after', examples('npx mayfly host flags', 'npx mayfly host lint /etc/osquery/osquery.flags'));
  withDeploymentOptions(host.command('flags'))
    .description("Print osquery's flagfile for every host")
    .addHelpText(
      'after',
      examples('npx mayfly host flags', 'npx mayfly host flags --stack Mayfly >/etc/osquery/osquery.flags'),
    )
    .action(lazily(async () => (await import('./host/flags.ts')).flags));
  withDeploymentOptions(host.command('user-data'))
    .description('Print a script for the user data of EC2 instances that have osquery installed')
    .option('--attest', "prove the instance's identity at enrollment (docs/hosts.md, Attested enrollment)", false)
    .addHelpText(
      'after',
      `${examples('npx mayfly host user-data --stack Mayfly', 'npx mayfly host user-data --stack Mayfly --attest >user-data.sh')}

The instance needs the AWS CLI, and a role that may read the enroll secret.`,
    )
    .action(lazily(async () => (await import('./host/user-data.ts')).userData));
  host
    .command('lint')
    .description('Check a flagfile of osquery: what would keep its host from enrolling, or from being found')
    .argument('<file>', 'the flagfile, such as /etc/osquery/osquery.flags', path)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly host lint /etc/osquery/osquery.flags', 'npx mayfly host lint osquery.flags --json')}

Exit codes: 0 without errors, 1 with errors. Warnings do not count.`,
    )
    .action(lazily(async () => (await import('./host/lint.ts')).lint));
}

function path(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Use the path of a file.');
  return text;
}
