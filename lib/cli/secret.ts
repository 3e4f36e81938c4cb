import { type Command, InvalidArgumentError } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly secret status`, `mayfly secret rotate` and `mayfly secret retire`. */
export function addSecret(program: Command): void {
  const secret = program
    .command('secret')
    .description('Show or rotate the enroll secrets, and the key that signs node keys')
    .addHelpText('after', examples('npx mayfly secret status', 'npx mayfly secret rotate --stack Mayfly'));
  withDeploymentOptions(secret.command('status'))
    .description('List the secrets: their age, whether the previous value is still accepted, and their hosts')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly secret status', 'npx mayfly secret status --stack Mayfly --json'))
    .action(lazily(async () => (await import('./secret/status.ts')).status));
  changing(secret.command('rotate'))
    .description('Give a secret a new value; the one before it stays accepted until the next rotation')
    .addHelpText(
      'after',
      `${examples('npx mayfly secret rotate', 'npx mayfly secret rotate web --stack Mayfly', 'npx mayfly secret rotate --node-key --stack Mayfly --yes')}

Functions accept the new value at once, and the previous one until the next rotation or "secret retire". Enrolled nodes keep
their node keys. The value is not printed: the output says where to read it. With --node-key every agent enrolls again by
itself once the previous key is no longer accepted.`,
    )
    .action(lazily(async () => (await import('./secret/rotate.ts')).rotate));
  changing(secret.command('retire'))
    .description('Stop accepting the previous value of a secret')
    .addHelpText(
      'after',
      `${examples('npx mayfly secret retire', 'npx mayfly secret retire web --stack Mayfly --yes')}

Do this when every host has the new value, or when the previous one has leaked. It takes effect within a minute.`,
    )
    .action(lazily(async () => (await import('./secret/rotate.ts')).retire));
}

const changing = (command: Command): Command =>
  withDeploymentOptions(command)
    .argument('[name]', 'the name of an enroll secret; default: the one that always exists', secretName)
    .option('--node-key', 'the key that signs node keys, instead of an enroll secret', false)
    .option('-y, --yes', 'do not ask for confirmation', false)
    .option(...JSON_FLAG);

function secretName(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(text)) return text;
  throw new InvalidArgumentError('A name has lower-case letters, digits and hyphens.');
}
