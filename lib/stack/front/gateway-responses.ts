import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

/**
 * Every type of gateway response with its HTTP status. The status is API Gateway's default, stated explicitly because a
 * customised response can lose it (INTEGRATION_FAILURE should be 504, but 500 was observed).
 *
 * @see API Gateway API reference, GatewayResponse, `responseType`
 */
const STATUS_BY_TYPE: Readonly<Record<string, string>> = {
  ACCESS_DENIED: '403',
  API_CONFIGURATION_ERROR: '500',
  AUTHORIZER_CONFIGURATION_ERROR: '500',
  AUTHORIZER_FAILURE: '500',
  BAD_REQUEST_BODY: '400',
  BAD_REQUEST_PARAMETERS: '400',
  DEFAULT_4XX: '400',
  DEFAULT_5XX: '500',
  EXPIRED_TOKEN: '403',
  INTEGRATION_FAILURE: '504',
  INTEGRATION_TIMEOUT: '504',
  INVALID_API_KEY: '403',
  INVALID_SIGNATURE: '403',
  MISSING_AUTHENTICATION_TOKEN: '403',
  QUOTA_EXCEEDED: '429',
  REQUEST_TOO_LARGE: '413',
  RESOURCE_NOT_FOUND: '404',
  THROTTLED: '429',
  UNAUTHORIZED: '401',
  UNSUPPORTED_MEDIA_TYPE: '415',
  WAF_FILTERED: '403',
};

/**
 * Replaces the gateway's own error bodies, which agents would take for success: they ignore the status, and
 * `{"message":"Too Many Requests"}` makes them delete results and log lines and apply an empty configuration.
 * Text that is not JSON is a failure on every endpoint, so agents keep their data and try again.
 *
 * The one exception is a body that is too large for the gateway. It is acknowledged (`{}`), because the agent would send it
 * again and again, with newer results added.
 *
 * @see docs/decisions/0001-rest-api-not-http-api.md
 */
export function addGatewayResponses(api: RestApi): void {
  for (const [type, statusCode] of Object.entries(STATUS_BY_TYPE)) {
    const body = type === 'REQUEST_TOO_LARGE' ? '{}' : `mayfly gateway: ${type}, keep your data and try again`;
    api.addGatewayResponse(type, {
      type: ResponseType.of(type),
      statusCode,
      // The gateway chooses a template by the Accept header, which is application/json in osquery. AWS does not document
      // what it sends if none matches, and an empty body means success, so both types have the same text.
      templates: { 'application/json': body, 'text/plain': body },
    });
  }
}
