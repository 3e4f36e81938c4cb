import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Verdict } from '../core/ledger/workload.ts';
import { addressDigits } from '../core/policy/ip-address.ts';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { csvOption, limit, skip } from './terminal/paging.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';
import { pastTime, TIMES, untilTime } from './terminal/times.ts';

/** Adds the commands that read the ledger and the node directory. */
export function addLedger(program: Command): void {
  addVerdicts(program);
  addFleet(program);
}

function addVerdicts(program: Command): void {
  timed(withDeploymentOptions(program.command('coverage')))
    .description('Count workloads by verdict (seen, post-mortem, missed and why), and show how long answers took')
    .addHelpText(
      'after',
      examples('npx mayfly coverage', 'npx mayfly coverage --stack Mayfly --cluster prod --since 7d'),
    )
    .action(lazily(async () => (await import('./ledger/coverage.ts')).coverage));
  timed(withDeploymentOptions(program.command('missed')))
    .description('List missed workloads, with the reason and what to do about it')
    .addHelpText(
      'after',
      examples('npx mayfly missed', 'npx mayfly missed --since 2026-11-01T10:00Z --json | jq .[].workload'),
    )
    .action(lazily(async () => (await import('./ledger/missed.ts')).missed));
  addTasks(program);
  withDeploymentOptions(program.command('task'))
    .description('Show one workload as a timeline: events, queries, answers, containers')
    .argument('<workload>', 'ARN or id of an ECS task, or id of an EC2 instance, or its unique beginning', workload)
    .option('--rows', 'show its newest rows, also with --stack, where Athena bills for them')
    .option('--no-rows', 'do not show its rows')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples(
        'npx mayfly task arn:aws:ecs:us-east-1:111122223333:task/prod/4f1c8d52b3e94c1d8a7e6f5a4b3c2d1e',
        'npx mayfly task 4f1c8d52 --stack Mayfly',
        'npx mayfly task i-0a1b2c3d4e5f60718',
      ),
    )
    .action(lazily(async () => (await import('./ledger/task.ts')).task));
}

function addTasks(program: Command): void {
  timed(withDeploymentOptions(program.command('tasks')))
    .description('List workloads, newest first: when they started, on which host, and what became of them')
    .option('--until <time>', `workloads whose first event is not newer: ${TIMES}`, untilTime)
    .option('-H, --host <host>', 'only workloads on this host: its identifier, its host name, or a unique beginning')
    .option('--family <name>', 'only tasks of this task definition family')
    .addOption(new Option('--verdict <verdict>', 'only workloads with this verdict').choices(VERDICTS))
    .addOption(new Option('-k, --kind <kind>', 'only ECS tasks, or only EC2 instances').choices(KINDS).default('all'))
    .option('-n, --limit <number>', 'the most workloads to list', limit, 50)
    .option('--skip <number>', 'how many of the newest to leave out', skip, 0)
    .addOption(csvOption())
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly tasks',
        'npx mayfly tasks --host i-0a1b2c3d4e5f60718 --since yesterday --until yesterday',
        'npx mayfly tasks --family api --verdict missed --since 1w --stack Mayfly',
        'npx mayfly tasks --kind task --limit 10000 --csv > tasks.csv',
      )}

A day, such as yesterday or 2026-11-01, is included whole. --json prints one object a line.`,
    )
    .action(lazily(async () => (await import('./ledger/tasks.ts')).tasks));
}

const VERDICTS: readonly Verdict['verdict'][] = [
  'pending',
  'seen',
  'post-mortem',
  'never-started',
  'ignored',
  'missed',
];
const KINDS = ['task', 'instance', 'all'] as const;

function addFleet(program: Command): void {
  withDeploymentOptions(program.command('nodes'))
    .description(
      'List enrolled nodes (host, hostname, platform, profile, last seen, version of osquery) and fleet issues',
    )
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly nodes', 'npx mayfly nodes --stack Mayfly --json')}

Mayfly looks for fleet issues every minute: instances without an enrolled node, agents that stopped polling while their
host runs, and ECS agents that remove stopped containers at once. Instances with the tag mayfly:ignore = true are left
out. With --json, an instance without a node is listed too; its lastSeenAt is null.`,
    )
    .action(lazily(async () => (await import('./ledger/nodes.ts')).nodes));
  withDeploymentOptions(program.command('who'))
    .description('Show which workload had an IP address, now or at a time')
    .argument('<ip>', 'an IPv4 or IPv6 address', address)
    .option('--at <time>', `when: ${TIMES}; default: now`, pastTime)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${examples('npx mayfly who 10.0.3.7', 'npx mayfly who 10.0.3.7 --at 2h', 'npx mayfly who 10.0.3.7 --at 2026-11-01T10:00Z --stack Mayfly')}

The ledger keeps a workload for 90 days after its last event or sweep; ledger_keeps in the policy changes that. It knows
the addresses of task network interfaces and of EC2 instances, including public ones. A task on its host's own network
has no address, so the answer is the host.`,
    )
    .action(lazily(async () => (await import('./ledger/who.ts')).who));
  timed(withDeploymentOptions(program.command('mtta')))
    .description('Show the longest time to answer that each class of nodes guarantees, and the measured times')
    .addHelpText(
      'after',
      `${examples('npx mayfly mtta', 'npx mayfly mtta --stack Mayfly --cluster prod --since 7d --json')}

MTTA, max time to alert, is the bound to plan with; an average guarantees nothing. A class of nodes is a profile of the
policy. Its bound is the time of an event (5 s), plus its distributed_interval, plus a fetch and a run (0.31 s). "hot" is
the bound while the host's agent polls every 5 s after a start; "no event" is the bound for what only a sweep finds. An
answer after the bound is late: it is counted as MttaBreaches and sets off an alarm. Behind the long-poll front every
profile polls in the same way, "held": the front answers when a query is queued.`,
    )
    .action(lazily(async () => (await import('./ledger/mtta.ts')).mtta));
}

const timed = (command: Command): Command =>
  command
    .addOption(
      new Option('--since <time>', `workloads whose first event is not older: ${TIMES}`)
        .argParser(pastTime)
        .default(pastTime('24h'), '24h'),
    )
    .option('-c, --cluster <name>', 'only workloads of this ECS cluster', cluster)
    .option(...JSON_FLAG);

// AWS uses all of these: other partitions, the short format without a cluster, and ids with and without dashes. An operator may
// leave out the end.
const TASK_ARN = /^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task\/([A-Za-z0-9_-]{1,255}\/)?[A-Za-z0-9-]{1,64}$/;
const TASK_ID = /^([A-Za-z0-9_-]{1,255}\/)?[0-9a-f][0-9a-f-]{3,35}$/;
const INSTANCE_ID = /^i-[0-9a-f]{4,17}$/;

function workload(text: string): string {
  if (TASK_ARN.test(text)) return text;
  const id = text.toLowerCase(); // as AWS writes them
  if (INSTANCE_ID.test(id) || (TASK_ID.test(id) && !text.includes('/'))) return id;
  if (TASK_ID.test(text)) return text; // the name of a cluster may have upper case
  throw new InvalidArgumentError(
    'Not the ARN or id of an ECS task, or the id of an EC2 instance (i- and 17 digits). The first four digits of an id are ' +
      'enough if no other id begins with them. "npx mayfly tasks" lists ids.',
  );
}

function cluster(text: string): string {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('The name of an ECS cluster: letters, digits, - and _. Omit it for all clusters.');
}

function address(text: string): string {
  if (addressDigits(text) !== undefined) return text;
  throw new InvalidArgumentError('Not an IP address.');
}
