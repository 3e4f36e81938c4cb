import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CommandError } from '../errors/command-error.ts';
import { type DeploymentFlags, isInAws, nameOf, pasted } from './deployment-flags.ts';
import { explained } from './explained.ts';
import { readyIn } from './local-mayfly.ts';
import { namesInAws } from './stack-names.ts';

/** The flags that choose Mayfly's bus. */
export interface BusFlags extends DeploymentFlags {
  readonly bus?: string;
}

const NEEDS =
  "you need events:PutEvents on Mayfly's bus (docs/ask.md has the policy), and cloudformation:DescribeStacks for --stack";

/**
 * Puts one event on Mayfly's bus.
 *
 * @returns the event's id
 */
export async function putEvent(flags: BusFlags, detailType: string, detail: object): Promise<string> {
  const { client, bus } = await busOf(flags);
  const command = new PutEventsCommand({
    Entries: [{ EventBusName: bus, Source: 'mayfly.cli', DetailType: detailType, Detail: JSON.stringify(detail) }],
  });
  try {
    const { Entries: [answer] = [] } = await client.send(command);
    if (!answer?.EventId)
      throw new CommandError('REFUSED', `the bus refused it: ${answer?.ErrorCode} ${answer?.ErrorMessage}`);
    return answer.EventId;
  } catch (cause) {
    if (flags.stack || flags.table || !String(cause).includes('ECONNREFUSED'))
      throw explained(cause, `the bus ${bus}`, flags, NEEDS);
    throw new CommandError('NOT_RUNNING', `no Mayfly runs in ${flags.data} that could handle it`, {
      next: `start it with "npx mayfly local --no-demo${pasted(flags)}"`,
      cause,
    });
  } finally {
    client.destroy();
  }
}

interface Bus {
  readonly client: EventBridgeClient;
  readonly bus: string;
}

async function busOf(flags: BusFlags): Promise<Bus> {
  const inAws = flags.bus ?? (isInAws(flags) ? await busInAws(flags) : undefined);
  if (inAws) return { client: new EventBridgeClient({}), bus: inAws };
  const { events: endpoint, bus, credentials } = await readyIn(flags.data);
  return { client: new EventBridgeClient({ endpoint, region: 'us-east-1', credentials }), bus };
}

async function busInAws(flags: BusFlags): Promise<string> {
  const names = await namesInAws(flags);
  if (names.bus) return names.bus;
  throw new CommandError('OUTDATED', `${nameOf(flags)} has no output BusName`, { next: 'deploy it again' });
}
