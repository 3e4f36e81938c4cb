import { describe, expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { MayflyProps } from '../../../../lib/stack/mayfly-props.ts';
import { MayflyStack } from '../../../../lib/stack/mayfly-stack.ts';
import { RESOURCE_TYPES } from '../../../../workbench/local-aws/template/resource-types.ts';
import { CERTIFICATE_ARN, customTemplate } from '../shared-templates.ts';
import { anApp, mayflyTemplate, resourcesOf, someBundles, textOf, theOnly } from '../template.ts';

const world = new Stack(anApp(), 'World');
const certificate = Certificate.fromCertificateArn(world, 'Certificate', CERTIFICATE_ARN);
const hostedZone = HostedZone.fromHostedZoneAttributes(world, 'Zone', {
  hostedZoneId: 'Z0123456789',
  zoneName: 'example.com',
});
const endpoint = InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(world, 'Endpoint', {
  vpcEndpointId: 'vpce-0123456789abcdef0',
  port: 443,
});
const truststore = { bucket: Bucket.fromBucketName(world, 'Trust', 'our-trust'), key: 'agents.pem', version: 'v1' };
const domainName = { name: 'osquery.example.com', certificate };
const WEB_ACL = 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/agents/0b6e9a5c-1111-2222-3333-444455556666';

const API = 'AWS::ApiGateway::RestApi';
const bundles = someBundles();

const office = new PolicyStatement({
  principals: [new AnyPrincipal()],
  actions: ['execute-api:Invoke'],
  resources: ['execute-api:/*'],
  conditions: { IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } },
});
const guarded = mayflyTemplate({
  domainName,
  defaultEndpoint: false,
  webAclArn: WEB_ACL,
  resourcePolicy: new PolicyDocument({ statements: [office] }),
});
const mutual = mayflyTemplate({ domainName: { ...domainName, hostedZone, truststore } });
const privately = mayflyTemplate({ vpcEndpoints: [endpoint] });

describe('the API of agents', () => {
  const template = mayflyTemplate();

  it('accepts TLS 1.2 and later only, also at the endpoint that AWS names', () => {
    expect(theOnly(template, API)).toMatchObject({
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'BASIC',
    });
  });

  it('is public, and has neither domain nor web ACL nor policy, by default', () => {
    expect(theOnly(template, API)).not.toHaveProperty('Policy');
    expect(theOnly(template, API)).toMatchObject({ EndpointConfiguration: { Types: ['REGIONAL'] } });
    for (const type of ['AWS::ApiGateway::DomainName', 'AWS::WAFv2::WebACLAssociation', 'AWS::Route53::RecordSet'])
      expect(resourcesOf(template, type)).toEqual([]);
  });
});

describe('a custom domain', () => {
  const template = customTemplate();

  it('is mapped at the root and accepts TLS 1.2 and later', () => {
    expect(theOnly(template, 'AWS::ApiGateway::DomainName')).toMatchObject({
      DomainName: 'osquery.example.com',
      SecurityPolicy: 'TLS_1_2',
      EndpointConfiguration: { Types: ['REGIONAL'] },
      RegionalCertificateArn: certificate.certificateArn,
    });
    expect(theOnly(template, 'AWS::ApiGateway::BasePathMapping')).not.toHaveProperty('BasePath');
  });

  it('gets its DNS record in the hosted zone', () => {
    expect(theOnly(template, 'AWS::Route53::RecordSet')).toMatchObject({
      Name: 'osquery.example.com.',
      Type: 'A',
      HostedZoneId: 'Z0123456789',
    });
  });

  it('gives hosts a flagfile without a path prefix', () => {
    expect(template.Outputs.MayflyHostname?.Value).toBe('osquery.example.com');
    expect(template.Outputs.MayflyPathPrefix?.Value).toBe('');
    expect(template.Outputs.MayflyFlagfile?.Value).toContain('--enroll_tls_endpoint=/enroll\n');
  });

  it('leaves the endpoint that AWS names open, so that hosts can move one by one, until the app closes it', () => {
    expect(theOnly(template, API)).not.toHaveProperty('DisableExecuteApiEndpoint');
    expect(theOnly(guarded, API)).toMatchObject({ DisableExecuteApiEndpoint: true });
  });

  it('without a hosted zone has no record, but an output with the target of one', () => {
    expect(resourcesOf(guarded, 'AWS::Route53::RecordSet')).toEqual([]);
    expect(guarded.Outputs).toHaveProperty('MayflyDomainTarget');
  });

  it('with a truststore demands client certificates, and closes the endpoint that would not', () => {
    expect(theOnly(mutual, 'AWS::ApiGateway::DomainName')).toMatchObject({
      MutualTlsAuthentication: { TruststoreUri: 's3://our-trust/agents.pem', TruststoreVersion: 'v1' },
    });
    expect(theOnly(mutual, API)).toMatchObject({ DisableExecuteApiEndpoint: true });
  });

  it('can be chosen on the command line', () => {
    const stackWith = (context: Readonly<Record<string, string>>) => {
      const app = anApp();
      for (const [name, value] of Object.entries(context)) app.node.setContext(name, value);
      return new MayflyStack(app, 'Mayfly', { bundles });
    };
    const name = { domainName: 'osquery.example.com' };
    expect(() => stackWith(name)).toThrow('the context domainName is "osquery.example.com": it needs certificateArn');
    const { certificateArn } = certificate;
    expect(() => stackWith({ certificateArn })).toThrow('certificateArn and hostedZoneId need domainName');
    expect(stackWith({ ...name, certificateArn, hostedZoneId: 'Z0123456789' }).node.findChild('Zone')).toMatchObject({
      hostedZoneId: 'Z0123456789',
      zoneName: 'example.com',
    });
  });
});

describe('a private API', () => {
  it('is reached through its VPC endpoints only', () => {
    const api = theOnly<{ Policy: { Statement: unknown[] } }>(privately, API);
    expect(api).toMatchObject({
      EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: [endpoint.vpcEndpointId] },
    });
    expect(api.Policy.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { StringNotEquals: { 'aws:SourceVpce': [endpoint.vpcEndpointId] } },
      }),
      expect.objectContaining({ Effect: 'Allow', Action: 'execute-api:Invoke' }),
    ]);
  });

  it('has a host name that needs no private DNS', () => {
    expect(textOf(privately.Outputs.MayflyHostname?.Value)).toMatch(
      /^<\w+>-vpce-0123456789abcdef0\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>$/,
    );
  });
});

describe('a web ACL and a resource policy', () => {
  it('guard the stage, and the API', () => {
    const association = theOnly<{ ResourceArn: unknown }>(guarded, 'AWS::WAFv2::WebACLAssociation');
    expect(association).toMatchObject({ WebACLArn: WEB_ACL });
    expect(textOf(association.ResourceArn)).toMatch(/apigateway:.*\/restapis\/<\w+>\/stages\/<\w+>$/);
    expect(theOnly(guarded, API)).toMatchObject({ Policy: { Statement: [office.toStatementJson()] } });
  });
});

describe('every kind of access', () => {
  it('consists of resource types that the local runner knows, so that such an app runs locally too', () => {
    const types = [guarded, mutual, privately].flatMap(({ Resources }) =>
      Object.values(Resources).map(({ Type }) => Type),
    );
    expect([...new Set(types)].filter((type) => !Object.hasOwn(RESOURCE_TYPES, type))).toEqual([]);
  });
});

describe('a mistake in the access', () => {
  const wrong = (props: object) => () => mayflyTemplate(props as MayflyProps);

  it.each([
    [{ domainName: { name: 'osquery.example.com' } }, 'domainName.certificate of osquery.example.com is missing'],
    [{ domainName: { name: 'OSQUERY', certificate } }, 'domainName.name is "OSQUERY": it has to be a host name'],
    [{ domainName: { ...domainName, name: 'osquery.example.org', hostedZone } }, 'a zone of osquery.example.org'],
    [{ domainName: { ...domainName, truststore }, defaultEndpoint: true }, 'defaultEndpoint is true'],
    [{ defaultEndpoint: false }, 'defaultEndpoint is false: without a domainName'],
    [{ vpcEndpoints: [] }, 'vpcEndpoints is empty'],
    [{ vpcEndpoints: [endpoint], domainName }, 'vpcEndpoints and domainName are both set'],
    [{ webAclArn: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/b' }, 'webAclArn is'],
  ])('is an error that names the property: %#', (props, message) => {
    expect(wrong(props)).toThrow(message);
  });
});
