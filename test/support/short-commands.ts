import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { shortEndpoint } from './dynamodb.ts';
import { shorten, shortWire } from './short-client.ts';

/** What a client of DynamoDB and its document client share. */
type Shared = Pick<DynamoDBClient, 'config' | 'middlewareStack'>;
type Send = (this: Shared, ...args: unknown[]) => Promise<unknown>;

const sdk: { send: Send } = Object.getPrototypeOf(DynamoDBClient.prototype);
const wholeSend = sdk.send;
/** The clients seen so far, by their middlewares. */
const seen = new WeakMap<Shared['middlewareStack'], Promise<void>>();
let running = 0;

/** Runs a command. The clients that it creates for this run's embedded DynamoDB are shortened at their first call. */
export async function withShortClients<T>(command: () => Promise<T>): Promise<T> {
  running += 1;
  sdk.send = shortSend;
  try {
    return await command();
  } finally {
    running -= 1;
    if (running === 0) sdk.send = wholeSend;
  }
}

const shortSend: Send = async function (...args) {
  if (this instanceof DynamoDBClient || this instanceof DynamoDBDocumentClient) {
    const first = seen.get(this.middlewareStack) ?? shortenIfEmbedded(this);
    seen.set(this.middlewareStack, first);
    await first;
  }
  return wholeSend.apply(this, args);
};

async function shortenIfEmbedded(client: Shared): Promise<void> {
  const to = await client.config.endpoint?.();
  const endpoint = to && `${to.protocol}//${to.hostname}:${to.port}`;
  if (!endpoint || endpoint !== shortEndpoint() || isShort(client)) return;
  shorten(client, endpoint);
  client.config.requestHandler = shortWire(endpoint);
}

/** Whether a test made the client, which is short then. */
const isShort = ({ middlewareStack }: Shared): boolean =>
  !middlewareStack.identify().some((name) => name.startsWith('retryMiddleware'));
