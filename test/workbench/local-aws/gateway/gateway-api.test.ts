import { describe, expect, it } from '@jest/globals';
import { readRestApi } from '../../../../workbench/local-aws/gateway/gateway-api.ts';
import type { Resource } from '../../../../workbench/local-aws/template/template.ts';
import { API, method, resource, response } from './gateway-resources.ts';

describe('a REST API that the runner cannot serve', () => {
  it.each<[string, Resource, RegExp]>([
    [
      'an authorizer',
      method('bad', 'all', 'GET', { AuthorizationType: 'AWS_IAM' }),
      /bad \(AWS::ApiGateway::Method\): AuthorizationType/,
    ],
    ['an API key', method('bad', 'all', 'GET', { ApiKeyRequired: true }), /ApiKeyRequired/],
    ['another integration', method('bad', 'all', 'GET', { Integration: { Type: 'MOCK' } }), /bad .*only Lambda proxy/],
    [
      'a mapped header',
      response('THROTTLED', '429', '', {
        ResponseParameters: { 'gatewayresponse.header.A': 'method.request.header.A' },
      }),
      /THROTTLED .*only headers of fixed text/,
    ],
    ['a second API', resource('RestApi', 'api2', {}), /one REST API/],
    ['a throttle of one method', resource('Stage', 'x', {}), /one stage/],
  ])('is rejected at the start: %s', (_, bad, message) => {
    expect(() => readRestApi([...API, bad])).toThrow(message);
  });
});
