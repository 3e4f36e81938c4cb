import { newCredentials, type RunCredentials } from '../../../workbench/local-aws/access/credentials.ts';
import { type Services, startAwsServer } from '../../../workbench/local-aws/aws-server.ts';
import { theOperator } from '../../../workbench/local-aws/callers.ts';
import { EventBus } from '../../../workbench/local-aws/events/event-bus.ts';
import { VirtualClock } from './support.ts';

export const SCOPE = { account: '000000000000', region: 'us-east-1' };

export interface Served {
  readonly url: string;
  readonly credentials: RunCredentials;
  /** A client of the AWS SDK with one attempt; closed with the server. */
  client<T extends { destroy(): void }>(Client: new (options: object) => T): T;
  close(): Promise<void>;
}

/** A server with the given services. */
export async function serve(
  { json = {}, query = {} }: Partial<Services>,
  bus = new EventBus([], SCOPE, new VirtualClock()),
): Promise<Served> {
  const credentials = newCredentials();
  const server = await startAwsServer({ json, query, bus }, theOperator(credentials));
  const clients: { destroy(): void }[] = [];
  return {
    url: server.url,
    credentials,
    client: (Client) => {
      const made = new Client({ endpoint: server.url, region: SCOPE.region, maxAttempts: 1, credentials });
      clients.push(made);
      return made;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      await server.close();
    },
  };
}
