import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { RequestBody } from '../../lib/core/osquery/request-body.ts';
import type { TlsApi } from '../../lib/core/osquery/tls-api.ts';

type ProxyEvent = Pick<APIGatewayProxyEvent, 'httpMethod' | 'path' | 'headers' | 'body' | 'isBase64Encoded'>;

/** The TLS API behind a REST API's proxy integration. */
export const createHandler =
  (api: Pick<TlsApi, 'answer'>) =>
  async (event: ProxyEvent, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<APIGatewayProxyResult> => {
    const authorization = Object.entries(event.headers ?? {}).find(
      ([name]) => name.toLowerCase() === 'authorization',
    )?.[1];
    const { status, body, contentType } = await api.answer({
      method: event.httpMethod,
      path: event.path,
      body: new RequestBody(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
      authorization,
      timeLeftMs: () => context.getRemainingTimeInMillis(),
    });
    return { statusCode: status, headers: { 'Content-Type': contentType }, body };
  };
