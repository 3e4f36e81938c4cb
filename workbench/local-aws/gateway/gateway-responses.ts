import type { GatewayResponse } from './gateway-api.ts';

/** The gateway responses that the runner can produce, with API Gateway's own status and message. */
const DEFAULTS = {
  MISSING_AUTHENTICATION_TOKEN: { status: 403, message: 'Missing Authentication Token', family: 'DEFAULT_4XX' },
  REQUEST_TOO_LARGE: { status: 413, message: 'Request Too Long', family: 'DEFAULT_4XX' },
  THROTTLED: { status: 429, message: 'Too Many Requests', family: 'DEFAULT_4XX' },
  API_CONFIGURATION_ERROR: { status: 500, message: 'Internal server error', family: 'DEFAULT_5XX' },
  INTEGRATION_FAILURE: { status: 504, message: 'Internal server error', family: 'DEFAULT_5XX' },
  INTEGRATION_TIMEOUT: { status: 504, message: 'Endpoint request timed out', family: 'DEFAULT_5XX' },
  // Reports a failed function or a malformed answer, for which API Gateway has no type of its own.
  DEFAULT_5XX: { status: 502, message: 'Internal server error', family: 'DEFAULT_5XX' },
} as const;

export type ResponseType = keyof typeof DEFAULTS;

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Builds the gateway's own response: the template's response for the type, else for its 4xx or 5xx family, else AWS's
 * default. A response template only substitutes `$context` variables.
 *
 * @param accept the request's Accept header; selects among templates for several content types
 * @see API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway"
 */
export function gatewayAnswer(
  type: ResponseType,
  responses: ReadonlyMap<string, GatewayResponse>,
  context: Readonly<Record<string, string>>,
  accept: string | undefined,
): GatewayAnswer {
  const { status, message, family } = DEFAULTS[type];
  const own = responses.get(type) ?? responses.get(family);
  const contentTypes = Object.keys(own?.templates ?? {});
  const contentType =
    contentTypes.find((offered) => accept?.includes(offered)) ??
    contentTypes.find((offered) => offered === 'application/json') ??
    contentTypes[0] ??
    'application/json';
  const template = own?.templates[contentType] ?? '{"message":$context.error.messageString}';
  const values: Record<string, string> = {
    ...context,
    'error.message': message,
    'error.messageString': JSON.stringify(message),
    'error.responseType': type,
  };
  return {
    status: own?.status ?? status,
    headers: { 'content-type': contentType, 'x-amzn-errortype': type, ...own?.headers },
    body: template.replace(/\$context\.([\w.]*\w)/g, (_, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? '') : '',
    ),
  };
}
