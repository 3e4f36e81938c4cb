import { readFile } from 'node:fs/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';

const Event = z.object({
  source: z.string(),
  'detail-type': z.string(),
  time: z.string().optional(),
  resources: z.array(z.string()).optional(),
  detail: z.record(z.string(), z.unknown()),
});
const File = z.union([Event.transform((event) => [event]), z.array(Event)]);

const ENTRIES = 10; // PutEvents' own limit

/**
 * Puts the events of JSON files (one event or an array each) on the bus behind `endpoint`, in order, as any program
 * would: through the AWS SDK. The bus gives each a new id.
 *
 * @returns how many were accepted
 * @throws when a file is no event, naming file and path in it, or the bus refuses one
 */
export async function putEvents(files: readonly string[], endpoint: string): Promise<number> {
  const entries = (await Promise.all(files.map(eventsOf))).flat();
  const client = new EventBridgeClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  for (let from = 0; from < entries.length; from += ENTRIES) {
    const batch = entries.slice(from, from + ENTRIES);
    const command = new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) });
    const { Entries = [] } = await client.send(command).catch((cause: Error & { code?: string }) => {
      if (cause.code !== 'ECONNREFUSED') throw cause;
      throw new Error(`nobody listens at ${endpoint}: start Mayfly with "npm start -- --no-demo"`, { cause });
    });
    const refused = Entries.findIndex((answer) => answer.ErrorCode !== undefined);
    if (refused >= 0) {
      throw new Error(
        `${batch[refused]?.file}: refused: ${Entries[refused]?.ErrorCode} ${Entries[refused]?.ErrorMessage}`,
      );
    }
  }
  client.destroy();
  return entries.length;
}

async function eventsOf(file: string) {
  const text = await readFile(file, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file}: not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const parsed = File.safeParse(json);
  if (!parsed.success) throw new Error(`${file}: not an EventBridge event: ${z.prettifyError(parsed.error)}`);
  return parsed.data.map((event) => ({
    file,
    entry: {
      Source: event.source,
      DetailType: event['detail-type'],
      Detail: JSON.stringify(event.detail),
      ...(event.time ? { Time: new Date(event.time) } : {}),
      ...(event.resources ? { Resources: event.resources } : {}),
    },
  }));
}
