import { LABELS, noEffect, type ResourceType, USED, WATCHING } from './property-schema.ts';

/** The REST API resource types that the runner supports. */
export const GATEWAY_TYPES: { readonly [type: string]: ResourceType } = {
  'AWS::ApiGateway::RestApi': {
    properties: {
      ...{ Name: LABELS, BinaryMediaTypes: USED, Description: LABELS },
      EndpointConfiguration: noEffect('there is one address: localhost'),
    },
    attributes: { RootResourceId: 'name' },
  },
  'AWS::ApiGateway::Resource': {
    properties: { RestApiId: USED, ParentId: USED, PathPart: USED },
  },
  'AWS::ApiGateway::Method': {
    properties: {
      ...{ RestApiId: USED, ResourceId: USED, HttpMethod: USED, AuthorizationType: USED, ApiKeyRequired: USED },
      Integration: {
        ...{ Type: USED, Uri: USED, TimeoutInMillis: USED },
        IntegrationHttpMethod: noEffect('a proxy integration always posts'),
      },
    },
  },
  'AWS::ApiGateway::GatewayResponse': {
    properties: {
      RestApiId: USED,
      ResponseType: USED,
      StatusCode: USED,
      ResponseTemplates: USED,
      ResponseParameters: USED,
    },
  },
  'AWS::ApiGateway::Deployment': {
    properties: { RestApiId: USED, Description: LABELS },
  },
  'AWS::ApiGateway::Stage': {
    properties: {
      ...{
        RestApiId: USED,
        StageName: USED,
        Variables: USED,
        DeploymentId: noEffect('the assembly is what is deployed'),
      },
      MethodSettings: [
        {
          ...{ HttpMethod: USED, ResourcePath: USED, ThrottlingRateLimit: USED, ThrottlingBurstLimit: USED },
          DataTraceEnabled: WATCHING,
        },
      ],
    },
    nameProperty: 'StageName',
  },
};
