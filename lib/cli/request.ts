import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type Command, InvalidArgumentError } from 'commander';
import { everyEntry } from '../core/nodes/directory.ts';
import { REQUEST } from '../core/policy/compiled-policy.ts';
import type { Policy } from '../core/policy/policy.ts';
import { livePolicyOf, withDeployment } from './deployment.ts';
import { DATA, readyIn } from './local-mayfly.ts';
import { count, note, printable, say } from './print.ts';
import { hostsOfRequest, type RuleHosts, untilFollowedMs } from './request-hosts.ts';

interface RequestFlags {
  readonly data: string;
  readonly stack?: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly key?: string;
}

/** Adds `mayfly request`. */
export function addRequest(program: Command): void {
  program
    .command('request')
    .description("Trigger the policy's rules for a request of this name, as a webhook would")
    .argument('<name>', 'the name in `on: { request: NAME }` of the rules')
    .option('--detail <json>', 'the detail of the request, such as the host to query', object, {})
    .option('-k, --key <text>', 'requests with the same key within a day are one request; default: a new key each time')
    .option('-d, --data <folder>', 'a Mayfly on this machine, given by its data folder', DATA)
    .option('-s, --stack <name>', 'a Mayfly in AWS, given by its stack; uses your credentials')
    .addHelpText(
      'after',
      `
Example:
  $ npx mayfly request container-by-cgroup --detail '{"host":"i-0a1b2c3d4e5f60718","container":"9fd313b782de"}'`,
    )
    .action(async (name: string, flags: RequestFlags) => {
      const { id, rules } = await request(name, flags);
      say(`accepted as ${id}`);
      for (const { rule, hosts, isLimited, why } of rules) {
        const limit = isLimited ? ', as many as hosts_per_trigger allows' : '';
        say(`${rule} asks ${count(hosts, 'host')}${why ? ` (${printable(why)})` : limit}`);
      }
      if (rules.some(({ hosts }) => hosts > 0)) say(whereAnswersAre(id));
    });
}

/** Results also have a line for each host that never answered: `linesOfGivenUp`. */
const whereAnswersAre = (id: string): string =>
  `answers are the results with the decoration event_id ${id}; a result with givenUp is a host that did not answer`;

const requestsOf = ({ rules }: Policy): string[] => [
  ...new Set(rules.flatMap(({ on }) => ('request' in on ? [on.request] : []))),
];

/**
 * Puts one request on Mayfly's bus. Waits first until every function uses the live policy: functions cache it for 30 s.
 *
 * @returns the event's id, and the hosts that each rule asks
 */
async function request(
  name: string,
  { detail, key, data, stack }: RequestFlags,
): Promise<{ readonly id: string; readonly rules: readonly RuleHosts[] }> {
  const { live, nodes } = await withDeployment({ data, stack }, async (deployment) => ({
    live: await livePolicyOf(deployment),
    nodes: await everyEntry(deployment.directory),
  }));
  const waited = requestsOf(live.policy);
  if (!waited.includes(name)) {
    const known =
      waited.length > 0 ? `there are rules for: ${waited.join(', ')}` : 'no rule has a request as its trigger';
    throw new Error(`no rule of the live policy is for a request "${name}"; ${known}`);
  }
  const waitMs = untilFollowedMs(live, Date.now());
  if (waitMs > 0) {
    note(`Version ${live.version} is in use everywhere in ${Math.ceil(waitMs / 1000)} s: waiting …`);
    await setTimeout(waitMs);
  }
  const { client, bus } = stack ? await inAws(stack) : await here(data);
  const command = new PutEventsCommand({
    Entries: [
      {
        EventBusName: bus,
        Source: 'mayfly.cli',
        DetailType: REQUEST,
        Detail: JSON.stringify({ ...detail, request: name, idempotencyKey: key ?? randomUUID() }),
      },
    ],
  });
  const { Entries: [answer] = [] } = await client.send(command).catch((cause) => {
    if (stack || !String(cause).includes('ECONNREFUSED')) throw cause;
    throw new Error(
      `no Mayfly runs in ${data} that could handle it: start it with "npx mayfly local --no-demo --data ${data}"`,
      {
        cause,
      },
    );
  });
  client.destroy();
  if (!answer?.EventId) throw new Error(`the bus refused it: ${answer?.ErrorCode} ${answer?.ErrorMessage}`);
  const event = { detail: { ...detail, request: name } };
  return { id: answer.EventId, rules: hostsOfRequest(live.policy, { name, event }, nodes, Date.now()) };
}

async function here(data: string): Promise<{ client: EventBridgeClient; bus: string }> {
  const { events: endpoint, bus, credentials } = await readyIn(data);
  return { client: new EventBridgeClient({ endpoint, region: 'us-east-1', credentials }), bus };
}

async function inAws(stack: string): Promise<{ client: EventBridgeClient; bus: string }> {
  const { Stacks = [] } = await new CloudFormationClient({}).send(new DescribeStacksCommand({ StackName: stack }));
  const bus = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'BusName')?.OutputValue;
  if (!bus) throw new Error(`the stack ${stack} has no output BusName: is it a Mayfly?`);
  return { client: new EventBridgeClient({}), bus };
}

function object(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('it is not JSON.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError('it is not a JSON object.');
}
