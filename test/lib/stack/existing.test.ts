import { describe, expect, it } from '@jest/globals';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Front } from '../../../lib/stack/front/front.ts';
import type { ServiceFrontProps } from '../../../lib/stack/front/service-front.ts';
import { Mayfly } from '../../../lib/stack/mayfly.ts';
import { RESOURCE_TYPES } from '../../../workbench/local-aws/template/resource-types.ts';
import { customTemplate, templateOf } from './shared-templates.ts';
import { anApp, functionNamed, resourcesOf, someBundles, textOf } from './template.ts';

const bundles = someBundles();
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret';
const CERTIFICATE = 'arn:aws:acm:us-east-1:111122223333:certificate/x';

describe('a Mayfly on the resources of a former stack', () => {
  const stack = new Stack(anApp(), 'Stack');
  new Mayfly(stack, 'Mayfly', {
    bundles,
    table: Table.fromTableName(stack, 'Table', 'former-table'),
    resultsBucket: Bucket.fromBucketName(stack, 'Bucket', 'former-results'),
    enrollSecrets: ['new'],
    secrets: {
      enroll: Secret.fromSecretCompleteArn(stack, 'Enroll', `${ARN}:enroll-AbCdEf`),
      nodeKey: Secret.fromSecretCompleteArn(stack, 'NodeKey', `${ARN}:node-key-AbCdEf`),
      named: { web: Secret.fromSecretCompleteArn(stack, 'Web', `${ARN}:web-AbCdEf`) },
    },
  });
  const template = templateOf(stack);

  it('creates neither table nor bucket, and only the secret that is new', () => {
    expect(resourcesOf(template, 'AWS::DynamoDB::Table')).toEqual([]);
    expect(resourcesOf(template, 'AWS::S3::Bucket')).toEqual([]);
    const secrets = resourcesOf<{ Description: string }>(template, 'AWS::SecretsManager::Secret');
    expect(secrets.map(([, { Description }]) => Description)).toEqual([expect.stringContaining("'new'")]);
  });

  it('uses them, with the same permissions', () => {
    const { Variables } = functionNamed(template, 'tls-api')[1].Environment;
    expect(Variables).toMatchObject({
      TABLE_NAME: 'former-table',
      ENROLL_SECRET_ARN: `${ARN}:enroll-AbCdEf`,
      NODE_KEY_SECRET_ARN: `${ARN}:node-key-AbCdEf`,
    });
    expect(textOf(Variables.NAMED_SECRET_ARNS)).toMatch(/^new=<\w+> web=\S+:web-AbCdEf$/);
    const policies = JSON.stringify(resourcesOf(template, 'AWS::IAM::Policy'));
    expect(policies).toContain('table/former-table');
    expect(policies).toContain('dynamodb:LeadingKeys');
    expect(policies).toContain(':s3:::former-results');
  });
});

describe('a Mayfly that goes with its stack', () => {
  const template = customTemplate();

  it('empties its bucket once no stream writes to it any more', () => {
    const [emptying] = resourcesOf(template, 'Custom::S3AutoDeleteObjects').map(([id]) => id);
    const streams = Object.values(template.Resources).filter(
      ({ Type }) => Type === 'AWS::KinesisFirehose::DeliveryStream',
    );
    expect(streams).toHaveLength(3);
    for (const stream of streams) expect(Object(stream).DependsOn).toContain(emptying);
  });

  it('consists of resource types that the local runner knows', () => {
    const types = Object.values(template.Resources).map(({ Type }) => Type);
    expect([...new Set(types)].filter((type) => !Object.hasOwn(RESOURCE_TYPES, type))).toEqual([]);
  });
});

describe('a mistake in the properties', () => {
  const stack = new Stack(anApp(), 'World');
  const aTable = (id: string, pk: string, withIndex = true): Table => {
    const table = new Table(stack, id, {
      partitionKey: { name: pk, type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });
    if (withIndex)
      table.addGlobalSecondaryIndex({
        indexName: 'byDay',
        partitionKey: { name: 'day', type: AttributeType.STRING },
        sortKey: { name: 'firstReceivedAtMs', type: AttributeType.NUMBER },
      });
    return table;
  };
  let count = 0;
  const make = (props: object) => () => new Mayfly(stack, `Mayfly${++count}`, { bundles, ...props });

  const service = (changes: object): ServiceFrontProps => ({
    vpc: Vpc.fromVpcAttributes(stack, `Vpc${++count}`, { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] }),
    certificate: Certificate.fromCertificateArn(stack, `Certificate${count}`, CERTIFICATE),
    domainName: 'osquery.example.com',
    ...changes,
  });

  it('is none if a table has the keys', () => {
    expect(make({ table: aTable('Right', 'pk') })).not.toThrow();
  });

  it.each([
    [{ removalPolicy: RemovalPolicy.SNAPSHOT }, 'removalPolicy is "snapshot": it has to be RemovalPolicy.RETAIN or'],
    [{ removalPolicy: 'keep' }, 'removalPolicy is "keep"'],
    [{ attest: 'maybe' }, 'attest is "maybe": it has to be one of off, preferred, required'],
    [{ coverageObjective: 120 }, 'coverageObjective is 120: it has to be a percentage'],
    [{ reconcileEvery: Duration.seconds(30) }, 'reconcileEvery is 30 seconds: it has to be a number of whole minutes'],
    [{ noAgentAfter: Duration.seconds(0) }, 'noAgentAfter is'],
    [
      { resultsKeptFor: Duration.hours(36) },
      'resultsKeptFor is 1 day 12 hours: it has to be a positive number of whole days',
    ],
    [{ agentRequests: { perSecond: 0, burst: 5 } }, 'agentRequests is {"perSecond":0,"burst":5}: it has to be a rate'],
    [{ agentConcurrency: 1.5 }, 'agentConcurrency is 1.5: it has to be a whole number'],
    [{ enrollSecrets: ['Web'] }, "enrollSecrets: 'Web' is"],
    [{ secrets: { enroll: 'arn' } }, 'secrets: enroll is "arn": it has to be a secret'],
    [{ secrets: { named: { default: {} } } }, "enrollSecrets: 'default' is"],
    [{ table: 'mine' }, 'table is "mine": it has to be a table'],
    [
      { table: aTable('OtherKeys', 'id') },
      'table has the keys id (S, HASH) and sk (S, RANGE): it has to have pk (S, HASH)',
    ],
    [{ table: aTable('NoIndex', 'pk', false) }, 'table has the indexes none: it has to have byDay'],
    [{ resultsBucket: 'mine' }, 'resultsBucket is "mine": it has to be a bucket'],
    [
      { resultsKeptFor: 90 },
      'resultsKeptFor is 90: it has to be a positive number of whole days, such as Duration.days(90)',
    ],
    [{ noAgentAfter: 5 }, 'noAgentAfter is 5: it has to be a positive number of whole seconds, such as'],
    [{ front: 'service' }, 'front is "service": it has to be Front.serverless() or Front.service(…)'],
    [{ enrollSecrets: 'web' }, `enrollSecrets is "web": it has to be a list of names, such as ['web', 'db']`],
    [{ vpcEndpoints: ['vpce-1'] }, 'vpcEndpoints is ["vpce-1"]: it has to be a list of interface endpoints'],
    [{ resourcePolicy: { Statement: [] } }, 'resourcePolicy is {"Statement":[]}: it has to be a PolicyDocument'],
    [{ attestAccounts: ['12'] }, 'attestAccounts is ["12"]: it has to be a list of accounts of 12 digits'],
    [{ attestationCertificates: { 'eu-west-9': 'x' } }, 'it has to be the text of a PEM certificate for each Region'],
    [{ front: Front.service(service({ vpc: undefined })) }, 'Front.service: vpc is missing: it has to be a VPC'],
    [
      { front: Front.service(service({ certificate: undefined })) },
      'Front.service: certificate of osquery.example.com is',
    ],
    [
      { front: Front.service(service({ domainName: 'X' })) },
      'Front.service: domainName is "X": it has to be a host name',
    ],
    [{ front: Front.service(service({ distributedInterval: 5 })) }, 'distributedInterval is 5: it has to be 0 or 1'],
    [{ front: Front.service(service({ minTasks: 4, maxTasks: 3 })) }, 'minTasks is 4 and maxTasks 3: they have to be'],
  ])('is an error that names the property and what is allowed: %#', (props, message) => {
    expect(make(props)).toThrow(message);
  });
});
