import { type Command, InvalidArgumentError, Option } from 'commander';
import { addressDigits } from '../core/policy/ip-address.ts';
import { withDeploymentOptions } from './deployment.ts';
import { coverage } from './ledger/coverage.ts';
import { missed } from './ledger/missed.ts';
import { mtta } from './ledger/mtta.ts';
import { nodes } from './ledger/nodes.ts';
import { task } from './ledger/task.ts';
import { pastTime } from './ledger/times.ts';
import { who } from './ledger/who.ts';
import { examples, JSON_FLAG } from './print.ts';

/** Adds the commands that show what was seen, and what was not. */
export function addLedger(program: Command): void {
  timed(withDeploymentOptions(program.command('coverage')))
    .description('Count what became of every workload: seen, post-mortem, missed and why, and how long answers took')
    .addHelpText(
      'after',
      examples('npx mayfly coverage', 'npx mayfly coverage --stack Mayfly --cluster prod --since 7d'),
    )
    .action(coverage);
  timed(withDeploymentOptions(program.command('missed')))
    .description('Show every workload that was missed, why, and what to do about it')
    .addHelpText(
      'after',
      examples('npx mayfly missed', 'npx mayfly missed --since 2026-11-01T10:00Z --json | jq .[].workload'),
    )
    .action(missed);
  withDeploymentOptions(program.command('task'))
    .description('Show one life as a timeline: events, questions, answers, containers')
    .argument('<workload>', 'ARN or whole id of an ECS task, or id of an EC2 instance', workload)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples(
        'npx mayfly task arn:aws:ecs:us-east-1:111122223333:task/prod/4f1c8d52b3e94c1d8a7e6f5a4b3c2d1e',
        'npx mayfly task 4f1c8d52b3e94c1d8a7e6f5a4b3c2d1e --stack Mayfly',
        'npx mayfly task i-0a1b2c3d4e5f60718',
      ),
    )
    .action(task);
  withDeploymentOptions(program.command('nodes'))
    .description(
      'Show who is enrolled: host, hostname, platform, profile, last seen, version of osquery; and what is wrong',
    )
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly nodes', 'npx mayfly nodes --stack Mayfly --json')}

What is wrong is found every minute: instances that no node enrolled from, agents gone silent while their host runs, and
ECS agents that remove stopped containers at once. Instances with the tag mayfly:ignore = true are left out. With --json
such an instance is listed too, lastSeenAt being null.`,
    )
    .action(nodes);
  withDeploymentOptions(program.command('who'))
    .description('Show which workload had an IP address, now or at a time')
    .argument('<ip>', 'an IPv4 or IPv6 address', address)
    .option('--at <time>', `when: ${TIMES}; default: now`, pastTime)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly who 10.0.3.7', 'npx mayfly who 10.0.3.7 --at 2h', 'npx mayfly who 10.0.3.7 --at 2026-11-01T10:00Z --stack Mayfly')}

The ledger keeps a workload for 90 days after the last sign of it, unless the policy's ledger_keeps says otherwise.
Addresses are those of task network interfaces and of EC2 instances, public ones too; a task on its host's own network
has none, so the host is the answer.`,
    )
    .action(who);
  timed(withDeploymentOptions(program.command('mtta')))
    .description('Show how late an answer can come at most, by class of nodes, beside how late answers came')
    .addHelpText(
      'after',
      `${examples('npx mayfly mtta', 'npx mayfly mtta --stack Mayfly --cluster prod --since 7d --json')}

MTTA, max time to alert, is the bound to plan with; an average promises nothing. A class of nodes is a profile of the
policy. Its bound is the time of an event (5 s), its distributed_interval, and a fetch and a run (0.31 s). "hot" is the
bound while a start keeps the host's agent polling every 5 s, "no event" that of what only a sweep finds. A late answer
is one beyond the bound; each is counted as MttaBreaches and rings an alarm.`,
    )
    .action(mtta);
}

const TIMES = '90m, 24h, 7d ago, or 2026-11-01T10:00Z; a date alone is its midnight in UTC';

const timed = (command: Command): Command =>
  command
    .addOption(
      new Option('--since <time>', `first heard of since then: ${TIMES}`)
        .argParser(pastTime)
        .default(pastTime('24h'), '24h'),
    )
    .option('-c, --cluster <name>', 'of this ECS cluster alone', cluster)
    .option(...JSON_FLAG);

// Partitions, the short format without a cluster, and ids with and without dashes: all of them exist.
const TASK_ARN = /^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task\/([A-Za-z0-9_-]{1,255}\/)?[A-Za-z0-9-]{1,64}$/;
const TASK_ID = /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

function workload(text: string): string {
  if (TASK_ARN.test(text)) return text;
  const id = text.toLowerCase(); // as AWS writes them
  if (TASK_ID.test(id) || INSTANCE_ID.test(id)) return id;
  throw new InvalidArgumentError(
    'Neither ARN nor whole id of an ECS task (32 hex digits), nor id of an EC2 instance (i- and 17). ' +
      'The ECS console, "npx mayfly missed" and "npx mayfly who" have the whole.',
  );
}

function cluster(text: string): string {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('The name of an ECS cluster: letters, digits, - and _. Leave it out for all.');
}

function address(text: string): string {
  if (addressDigits(text) !== undefined) return text;
  throw new InvalidArgumentError('Not an IP address.');
}
