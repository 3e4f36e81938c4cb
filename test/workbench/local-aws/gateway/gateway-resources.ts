import type { Resource } from '../../../../workbench/local-aws/template/template.ts';

export const resource = (type: string, name: string, properties: Resource['properties'], arn = name): Resource => ({
  logicalId: name,
  type: `AWS::ApiGateway::${type}`,
  name,
  arn,
  properties,
});
const proxyTo = (functionArn: string) => ({
  Type: 'AWS_PROXY',
  Uri: `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
});
export const method = (name: string, ResourceId: string, HttpMethod: string, more = {}) =>
  resource('Method', name, {
    ResourceId,
    HttpMethod,
    AuthorizationType: 'NONE',
    Integration: proxyTo('arn:fn'),
    ...more,
  });
export const response = (ResponseType: string, StatusCode: string | undefined, body: string, more = {}) =>
  resource('GatewayResponse', ResponseType, {
    ResponseType,
    StatusCode,
    ResponseTemplates: { 'application/json': body },
    ...more,
  });

/** An API with every kind of route and with its own gateway responses. */
export const API: readonly Resource[] = [
  resource('RestApi', 'api', { BinaryMediaTypes: ['image/*', 'application/gzip'] }),
  resource('Stage', 'prod', { Variables: { colour: 'blue' } }),
  resource('Resource', 'all', { ParentId: 'api', PathPart: '{proxy+}' }),
  resource('Resource', 'pets', { ParentId: 'api', PathPart: 'pets' }),
  resource('Resource', 'pet', { ParentId: 'pets', PathPart: '{id}' }),
  resource('Resource', 'lost', { ParentId: 'api', PathPart: 'lost' }),
  method('m1', 'all', 'ANY'),
  method('m2', 'pet', 'GET'),
  method('m3', 'lost', 'ANY', { Integration: proxyTo('arn:of-no-function') }),
  response('DEFAULT_5XX', '500', 'sorry: $context.error.responseType $context.error.messageString'),
  response('INTEGRATION_TIMEOUT', '504', 'too late'),
  response('REQUEST_TOO_LARGE', '413', '{}', { ResponseParameters: { 'gatewayresponse.header.X-Reason': "'size'" } }),
  response('DEFAULT_4XX', undefined, 'no'),
];
