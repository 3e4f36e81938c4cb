import { type Command, InvalidArgumentError } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

const FOLDER = 'policy';

/** Adds `mayfly policy` and its subcommands. */
export function addPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .description(
      'Try, change and roll back the policy: which queries go to which hosts, when, and how agents are configured',
    )
    .addHelpText(
      'after',
      `
The policy is a folder of YAML. A push is live within 30 s, without a deploy. Every version is kept.

  $ npx mayfly policy init                     the default policy, into ./policy
  $ npx mayfly policy import fleet-gitops      a policy from the files of another server
  $ npx mayfly policy check                    every mistake, with file, line and column
  $ npx mayfly policy test --policy policy test/fixtures/events/05-ecs-task-ec2-running.json
  $ npx mayfly policy diff                     what a push would change
  $ npx mayfly policy push -m "Ask for sockets too"
  $ npx mayfly policy rollback                 make the version before live again

All commands except init, import and check use the Mayfly on this machine (--data), or one in AWS (--stack, --table) with your
credentials. Exit codes: 0 success, 1 refused or failed, 2 wrong command line, 3 diff found changes.`,
    );
  addFolderCommands(policy);
  addVersionCommands(policy);
  addTrialCommands(policy);
}

function addFolderCommands(policy: Command): void {
  policy
    .command('init')
    .description('Copy the default policy into a folder; existing files are kept')
    .argument('[dir]', 'the folder', FOLDER)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly policy init', 'npx mayfly policy init security/policy'))
    .action(lazily(async () => (await import('./policy/init.ts')).init));
  policy
    .command('import')
    .description(
      "Make a policy from another server's files: osquery configurations, packs, Fleet's YAML, osctrl's exports",
    )
    .argument('<source>', 'a file, or a folder with all of them')
    .option('--to <dir>', 'the folder of the policy; existing files are kept', FOLDER)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly policy import /etc/osquery', 'npx mayfly policy import fleet-gitops --to policy --json')}

It prints what it left out or changed, and why. A new folder also gets Mayfly's default rules.
docs/from-fleet.md and docs/from-osctrl.md show how to move the hosts.`,
    )
    .action(lazily(async () => (await import('./policy/import.ts')).importFrom));
  policy
    .command('check')
    .description('Find every problem in a policy folder; exit code 1 if there is an error')
    .argument('[dir]', 'the folder', FOLDER)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly policy check', 'npx mayfly policy check --json | jq .problems'))
    .action(lazily(async () => (await import('./policy/check.ts')).check));
  withDeploymentOptions(policy.command('diff'))
    .description('Show what a push would change; exit code 0 for no change, 3 for changes')
    .argument('[dir]', 'the folder', FOLDER)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly policy diff', 'npx mayfly policy diff security/policy --stack Mayfly'))
    .action(lazily(async () => (await import('./policy/diff.ts')).diff));
  withDeploymentOptions(policy.command('push'))
    .description('Check a folder, show what it changes, and make it live')
    .argument('[dir]', 'the folder', FOLDER)
    .requiredOption('-m, --message <text>', 'what changes and why, for the history')
    .option('-e, --expect <version>', 'only if this version is live: the one your change was reviewed against', version)
    .option('-y, --yes', 'do not ask for confirmation, such as before deleting rules and profiles', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly policy push -m "Ask for sockets too"',
        'npx mayfly policy push security/policy --stack Mayfly --expect 7 -m "As reviewed in #123"',
      )}

A folder with errors is not pushed. "policy diff" and "policy push" record in the folder (.mayfly-base.json, not for git)
which version they compared it with. If another version is live by now, nothing is pushed, and you see who pushed what.
You have to confirm deletions, and the replacement of a colleague's version that the folder was never compared with;
without a terminal, use --yes or --expect. After any failure the live version is unchanged, and the exit code is 1.`,
    )
    .action(lazily(async () => (await import('./policy/push.ts')).push));
}

function addVersionCommands(policy: Command): void {
  withDeploymentOptions(policy.command('drift'))
    .description('Show which nodes run a different agent configuration than the live policy gives them')
    .option('-a, --all', 'also list nodes that have not drifted', false)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly policy drift', 'npx mayfly policy drift --all --stack Mayfly'))
    .action(lazily(async () => (await import('./policy/drift.ts')).drift));
  withDeploymentOptions(policy.command('rollback'))
    .description('Make an older version live again, as a new version')
    .argument('[version]', 'its number; default: the one before the live one', version)
    .option('-m, --message <text>', 'why, for the history')
    .option('-e, --expect <version>', 'only if this version is live', version)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly policy rollback', 'npx mayfly policy rollback 5 --stack Mayfly -m "Sockets were too slow"')}

A rollback is a new version, so a second rollback without a number undoes the first.`,
    )
    .action(lazily(async () => (await import('./policy/push.ts')).rollback));
  withDeploymentOptions(policy.command('history'))
    .description('List versions and who pushed them, newest first; * is live')
    .option('-n, --limit <number>', 'how many', version, 20)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly policy history', 'npx mayfly policy history --stack Mayfly --limit 100'))
    .action(lazily(async () => (await import('./policy/history.ts')).history));
  withDeploymentOptions(policy.command('show'))
    .description('Show a version: its rules, and its profiles with the config_hash of nodes that run them')
    .argument('[version]', 'its number; default: the live one', version)
    .option('-f, --files <dir>', 'write its YAML into this folder, to edit it again; nothing is overwritten')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly policy show', 'npx mayfly policy show 5 --files policy-5'))
    .action(lazily(async () => (await import('./policy/show.ts')).show));
}

function addTrialCommands(policy: Command): void {
  const ofFolder = ['-p, --policy <dir>', 'a policy folder; default: the live policy'] as const;
  withDeploymentOptions(policy.command('test'))
    .description(
      'Show what a policy does with events: matching rules, their hosts, the exact SQL, and the effect of limits',
    )
    .argument('<events...>', 'JSON files, one event or an array each')
    .option(...ofFolder)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples(
        'npx mayfly policy test --policy policy test/fixtures/events/05-ecs-task-ec2-running.json',
        'npx mayfly policy test --stack Mayfly --json guardduty-finding.json',
      ),
    )
    .action(lazily(async () => (await import('./policy/test.ts')).test));
  withDeploymentOptions(policy.command('replay'))
    .description('Run recorded events through the policy in the order of their file names, and print what is queued')
    .argument('<dir>', 'a folder of JSON files, one event or an array each')
    .option(...ofFolder)
    .option('--json', 'the output is always JSON', true)
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly policy replay test/fixtures/events --policy policy',
        'diff <(npx mayfly policy replay events) <(npx mayfly policy replay events --policy policy)',
      )}

It prints one JSON object a line: "queued" and "withdrawn" queries, and queries that a limit "dropped" or that were
"refused" for the values they bind. The clock follows the events: the same events and the same policy give the same
bytes. There are no agents, so queued queries wait until they expire, and hosts-where matches no node. If no event
names the instance behind a container instance, its ARN stands for the host.`,
    )
    .action(lazily(async () => (await import('./policy/replay.ts')).replay));
}

function version(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1.');
  return Number(text);
}
