import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { json } from 'node:stream/consumers';
import { LocalError } from './machine/local-error.ts';
import type { Assembly } from './template/assembly.ts';
import type { Resource } from './template/template.ts';
import type { Functions } from './wiring.ts';

/** How long a custom resource may take. */
const TIMEOUT_MS = 60_000;

/**
 * Creates the template's custom resources, one after the other, at every start: their functions are idempotent, because
 * CloudFormation may also ask twice.
 *
 * @throws {LocalError} if a function fails, or reports no success in time
 */
export async function createCustomResources({ resources, stackName, region, account }: Assembly, functions: Functions) {
  const stackId = `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/local`;
  for (const resource of resources.filter(({ type }) => type.startsWith('Custom::')))
    await create(resource, stackId, functions);
}

async function create({ logicalId, type, properties }: Resource, StackId: string, functions: Functions): Promise<void> {
  const fn = functions.get(String(properties.ServiceToken));
  if (!fn) return; // such as the emptying of a bucket, which is not in the template's own functions
  const inbox = await openInbox();
  try {
    const event = {
      RequestType: 'Create',
      ResponseURL: inbox.url,
      StackId,
      RequestId: randomUUID(),
      LogicalResourceId: logicalId,
      ResourceType: type,
      ResourceProperties: properties,
    };
    const outcome = await fn.invoke(JSON.stringify(event));
    if (!outcome.ok) throw new LocalError(`${logicalId} (${type}): ${outcome.errorType}: ${outcome.message}`);
    const { Status, Reason } = Object(await inbox.result);
    if (Status !== 'SUCCESS')
      throw new LocalError(`${logicalId} (${type}): ${Reason ?? 'its function sent no result'}`);
  } finally {
    inbox.close();
  }
}

interface Inbox {
  /** Known only to the function, like the signed URL of CloudFormation. */
  readonly url: string;
  /** The result of the function; undefined if none comes in time. */
  readonly result: Promise<unknown>;
  close(): void;
}

/** A loopback address that takes one result. */
async function openInbox(): Promise<Inbox> {
  const path = `/${randomUUID()}`;
  let take: (result: unknown) => void = () => undefined;
  const result = new Promise<unknown>((resolve) => {
    take = resolve;
  });
  const server = http.createServer(async (request, response) => {
    if (request.method !== 'PUT' || request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    take(await json(request).catch(() => undefined));
    response.end();
  });
  const timer = setTimeout(() => take(undefined), TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}${path}`,
    result,
    close: () => {
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}
