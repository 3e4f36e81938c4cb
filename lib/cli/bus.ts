import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CommandError } from './command-error.ts';
import { type DeploymentFlags, pasted } from './deployment-flags.ts';
import { explained } from './explained.ts';
import { readyIn } from './local-mayfly.ts';
import { namesInStack } from './stack-names.ts';

/** The flags that choose Mayfly's bus. */
export interface BusFlags extends DeploymentFlags {
  readonly bus?: string;
}

/** Checks that the flags name a bus. A table alone names none. @throws with the flag to add */
export function checkBusNamed({ stack, table, bus }: BusFlags): void {
  if (table && !stack && !bus)
    throw new CommandError('REFUSED', 'this goes to the bus', { next: 'name it with --bus NAME, or use --stack NAME' });
}

const NEEDS =
  "you need events:PutEvents on Mayfly's bus (docs/ask.md has the policy), and cloudformation:DescribeStacks for --stack";

/**
 * Puts one event on Mayfly's bus.
 *
 * @returns the event's id
 */
export async function putEvent(flags: BusFlags, detailType: string, detail: object): Promise<string> {
  checkBusNamed(flags);
  const { client, bus } = await busOf(flags);
  const command = new PutEventsCommand({
    Entries: [{ EventBusName: bus, Source: 'mayfly.cli', DetailType: detailType, Detail: JSON.stringify(detail) }],
  });
  try {
    const { Entries: [answer] = [] } = await client.send(command);
    if (!answer?.EventId) throw new Error(`the bus refused it: ${answer?.ErrorCode} ${answer?.ErrorMessage}`);
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
  const { stack, id, bus: named = stack && (await busOfStack(stack, id)) } = flags;
  if (named) return { client: new EventBridgeClient({}), bus: named };
  const { events: endpoint, bus, credentials } = await readyIn(flags.data);
  return { client: new EventBridgeClient({ endpoint, region: 'us-east-1', credentials }), bus };
}

async function busOfStack(stack: string, id: string | undefined): Promise<string> {
  const names = await namesInStack(stack, id);
  if (names.bus) return names.bus;
  throw new CommandError('OUTDATED', `the stack ${stack} has no output BusName`, { next: 'is it a Mayfly stack?' });
}
