import type { Command } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly node show` and `mayfly node revoke`. */
export function addNode(program: Command): void {
  const node = program
    .command('node')
    .description('Show one node, or revoke it')
    .addHelpText('after', examples('npx mayfly node show i-0a1b2c3d4e5f60718', 'npx mayfly node revoke web-7'));
  withDeploymentOptions(node.command('show'))
    .description('Show one node: the identity it enrolled with, when it was last seen, and its fleet issues')
    .argument('<host>', 'its host identifier or host name, as listed by "mayfly nodes", or a unique beginning')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('npx mayfly node show i-0a1b2c3d4e5f60718', 'npx mayfly node show web-7 --stack Mayfly --json'),
    )
    .action(lazily(async () => (await import('./node/show.ts')).show));
  withDeploymentOptions(node.command('revoke'))
    .description('Revoke a node at once and keep its host from enrolling again')
    .argument('<host>', 'its host identifier or host name, as listed by "mayfly nodes", or a unique beginning')
    .option('-y, --yes', 'do not ask for confirmation', false)
    .option('--undo', 'let a revoked host enroll again', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly node revoke i-0a1b2c3d4e5f60718', 'npx mayfly node revoke web-7 --stack Mayfly --yes', 'npx mayfly node revoke web-7 --undo')}

Its node key is refused from its next request on, and it gets no more queries. For 90 days no agent can enroll under this
host identifier. The host still has the enroll secret and could enroll under another name: rotate the secret too
(docs/runbook.md, "Revoke a host or a secret").`,
    )
    .action(lazily(async () => (await import('./node/revoke.ts')).revoke));
}
