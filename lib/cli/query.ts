import { type Command, InvalidArgumentError, Option } from 'commander';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { secondsOf, whereOf } from './query/where.ts';
import { examples, JSON_FLAG } from './terminal/print.ts';

/** Adds `mayfly query` and `mayfly queries`. */
export function addQuery(program: Command): void {
  withDeploymentOptions(program.command('query'))
    .description('Ask hosts a query now, and print their rows as they arrive')
    .argument('[sql|id]', 'one SELECT of osquery, or the id of an earlier query, or its unique beginning')
    .addOption(
      new Option('-H, --host <host>', 'ask this host: its identifier, hostname or instance id; may be repeated')
        .argParser((one: string, all: readonly string[] | undefined): readonly string[] => [...(all ?? []), one])
        .conflicts(['where', 'cluster', 'all']),
    )
    .addOption(
      new Option('-w, --where <conditions>', "ask every node that meets them, such as 'profile=db,tag:env=prod'")
        .argParser((text: string) => ({ text, match: whereOf(text) }))
        .conflicts(['host', 'cluster', 'all']),
    )
    .addOption(
      new Option(
        '-c, --cluster <name>',
        'ask the container instances of this ECS cluster, and hosts on which one of its tasks started in the last day',
      ).conflicts(['host', 'where', 'all']),
    )
    .addOption(new Option('--all', 'ask every node').conflicts(['host', 'where', 'cluster']))
    .addOption(
      new Option('--expires <duration>', 'how long hosts that are away may take to come back: 10s to 7d')
        .argParser(expiry)
        .default(3600, '1h'),
    )
    .option('--timeout <duration>', 'stop watching after this time; the query continues', secondsOf)
    .option(
      '--exit-when <share>',
      'stop watching when this share of the hosts has answered, such as 95%; 100% waits for hosts that are away',
      share,
    )
    .addOption(new Option('--resume <campaign>', 'watch an earlier query again').argParser(campaignId))
    .option('--cancel', 'withdraw the query with this id from the hosts that have not taken it', false)
    .option('-y, --yes', 'do not ask for confirmation before more than 20 hosts are asked', false)
    .addOption(
      new Option('-b, --bus <name>', 'its bus, where --table is used and CloudFormation may not be read').conflicts(
        'stack',
      ),
    )
    .option('--json', 'one JSON object a line for each row, and for each host that failed', false)
    .addOption(new Option('--csv', 'CSV with a heading').default(false).conflicts('json'))
    .addHelpText(
      'after',
      `${examples(
        'npx mayfly query "SELECT name, version FROM os_version" --all',
        `npx mayfly query "SELECT pid, name, path FROM processes WHERE on_disk = 0" --where 'profile=db,tag:env=prod' --stack Mayfly`,
        'npx mayfly query "SELECT * FROM listening_ports" --host web-7 --json --timeout 30s',
        'npx mayfly query --resume k3m9x2p7qa',
        'npx mayfly query k3m9x2p7qa --cancel',
      )}

Conditions of --where: host, hostname, platform, osquery, vendor, secret, profile, tag:NAME, seen. All must hold; values
may have * and ?; alternatives are separated by |, as in platform=ubuntu|amzn*. seen=10m means: polled in the last 10 minutes.
The SQL is checked against osquery's tables before it is sent. Ctrl-C stops watching: the query continues, and hosts that are
away answer when they come back. Exit codes: 0 all hosts answered, 4 not enough did in time, 5 one answered with an error.`,
    )
    .action(lazily(async () => (await import('./query/query.ts')).query));
  withDeploymentOptions(program.command('queries'))
    .description('List the latest queries that people asked with "mayfly query"')
    .option('-n, --limit <number>', 'how many', limit, 20)
    .option(...JSON_FLAG)
    .addHelpText('after', examples('npx mayfly queries', 'npx mayfly queries --stack Mayfly --json | jq .[0].askedBy'))
    .action(lazily(async () => (await import('./query/queries.ts')).queries));
}

function expiry(text: string): number {
  const seconds = secondsOf(text);
  if (seconds >= 10 && seconds <= 7 * 86_400) return seconds;
  throw new InvalidArgumentError('At least 10s, at most 7d.');
}

function share(text: string): number {
  const [, percent] = /^(\d{1,3})%$/.exec(text) ?? [];
  const value = Number(percent) / 100;
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('Write a percentage from 1% to 100%.');
}

function campaignId(text: string): string {
  if (/^[a-z0-9]{3,10}$/.test(text)) return text;
  throw new InvalidArgumentError('An id has ten letters and digits, or three at least of its beginning.');
}

function limit(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError('A number from 1 to 100.');
}
