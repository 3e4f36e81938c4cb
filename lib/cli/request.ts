import { type Command, InvalidArgumentError, Option } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly request`. */
export function addRequest(program: Command): void {
  withDeploymentOptions(program.command('request'))
    .description("Trigger the policy's rules for a request of this name, as a webhook would")
    .argument('<request>', 'the name in `on: { request: NAME }` of the rules')
    .option('--detail <json>', 'the detail of the request, such as the host to query', object, {})
    .option('-k, --key <text>', 'requests with the same key within a day are one request; default: a new key each time')
    .addOption(
      new Option('-b, --bus <name>', 'its bus, where --table is used and CloudFormation may not be read').conflicts(
        'stack',
      ),
    )
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `
Example:
  $ npx mayfly request container-by-cgroup --detail '{"host":"i-0a1b2c3d4e5f60718","container":"9fd313b782de"}'`,
    )
    .action(lazily(async () => (await import('./request/request.ts')).request));
}

function object(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Write a JSON object.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError('Write a JSON object.');
}
