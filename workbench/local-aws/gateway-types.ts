import { LABELS, noEffect, PERMISSIONS, type ResourceType, USED, WATCHING } from './property-schema.ts';

/** What the runner knows of REST APIs. */
export const GATEWAY_TYPES: { readonly [type: string]: ResourceType } = {
  'AWS::ApiGateway::RestApi': {
    properties: {
      ...{ Name: LABELS, BinaryMediaTypes: USED, Description: LABELS, Tags: LABELS, Policy: PERMISSIONS },
      ...{
        EndpointConfiguration: noEffect('there is one address: localhost'),
        FailOnWarnings: LABELS,
        Parameters: LABELS,
      },
      ...{
        ApiKeySourceType: noEffect('no method asks for a key'),
        DisableExecuteApiEndpoint: noEffect('there is one address'),
      },
    },
    attributes: { RestApiId: 'name', RootResourceId: 'name' },
  },
  'AWS::ApiGateway::Resource': {
    properties: { RestApiId: USED, ParentId: USED, PathPart: USED },
    attributes: { ResourceId: 'name' },
  },
  'AWS::ApiGateway::Method': {
    properties: {
      ...{ RestApiId: USED, ResourceId: USED, HttpMethod: USED, AuthorizationType: USED, ApiKeyRequired: USED },
      Integration: {
        ...{ Type: USED, Uri: USED, TimeoutInMillis: USED },
        ...{ IntegrationHttpMethod: noEffect('a proxy integration always posts'), Credentials: PERMISSIONS },
        PassthroughBehavior: noEffect('a proxy integration passes everything'),
      },
      MethodResponses: noEffect('a proxy integration answers for itself'),
      OperationName: LABELS,
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
      ...{ Description: LABELS, Tags: LABELS, AccessLogSetting: WATCHING, TracingEnabled: WATCHING },
      MethodSettings: [
        {
          ...{ HttpMethod: USED, ResourcePath: USED, ThrottlingRateLimit: USED, ThrottlingBurstLimit: USED },
          ...{ LoggingLevel: WATCHING, MetricsEnabled: WATCHING, DataTraceEnabled: WATCHING },
        },
      ],
    },
    nameProperty: 'StageName',
  },
};
