import { type Services, startAwsServer } from '../../../lib/local/aws-server.ts';
import { EventBus } from '../../../lib/local/event-bus.ts';
import { VirtualClock } from './support.ts';

export const PLACE = { account: '000000000000', region: 'us-east-1' };

export interface Served {
  readonly url: string;
  /** A client of AWS's own SDK that tries once; closed with the server. */
  client<T extends { destroy(): void }>(Client: new (options: object) => T): T;
  close(): Promise<void>;
}

/** A server of some services. */
export async function serve(
  { json = {}, query = {} }: Partial<Services>,
  bus = new EventBus([], PLACE, new VirtualClock()),
): Promise<Served> {
  const server = await startAwsServer({ json, query }, bus);
  const clients: { destroy(): void }[] = [];
  return {
    url: server.url,
    client: (Client) => {
      const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
      const made = new Client({ endpoint: server.url, region: PLACE.region, maxAttempts: 1, credentials });
      clients.push(made);
      return made;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      await server.close();
    },
  };
}
