import { LABELS, noEffect, PERMISSIONS, type ResourceType, USED, WATCHING } from './property-schema.ts';

const ADDRESS = noEffect('there is one address: localhost');
const TLS = noEffect("the runner's server accepts TLS 1.2 and later");

/** The REST API resource types that the runner supports. */
export const GATEWAY_TYPES: { readonly [type: string]: ResourceType } = {
  'AWS::ApiGateway::RestApi': {
    properties: {
      ...{ Name: LABELS, BinaryMediaTypes: USED, Description: LABELS },
      ...{ EndpointConfiguration: ADDRESS, DisableExecuteApiEndpoint: ADDRESS },
      ...{ SecurityPolicy: TLS, EndpointAccessMode: TLS, Policy: PERMISSIONS },
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
  'AWS::ApiGateway::DomainName': {
    properties: ADDRESS,
    nameProperty: 'DomainName',
    attributes: { RegionalDomainName: 'name', RegionalHostedZoneId: 'name' },
  },
  'AWS::ApiGateway::BasePathMapping': { properties: ADDRESS },
  'AWS::Route53::RecordSet': { properties: ADDRESS },
  'AWS::WAFv2::WebACLAssociation': { properties: PERMISSIONS },
};
