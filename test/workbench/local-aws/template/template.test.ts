import { beforeAll, describe, expect, it } from '@jest/globals';
import { RemovalPolicy } from 'aws-cdk-lib';
import { RESOURCE_TYPES } from '../../../../workbench/local-aws/template/resource-types.ts';
import { readTemplate } from '../../../../workbench/local-aws/template/template.ts';
import { templateWith } from '../../../lib/stack/template.ts';
import { theAssembly } from '../../../support/assembly.ts';

const STACK = { stackName: 'Stack', account: '000000000000', region: 'us-east-1' };
const read = (Resources: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  readTemplate({ Resources, ...more }, STACK);

const aQueue = (Properties = {}) => ({ Type: 'AWS::SQS::Queue', Properties });

describe('reading a template', () => {
  it('fails at an unknown resource type, and names it', () => {
    const bucket = { Type: 'AWS::ElastiCache::CacheCluster', Properties: {} };
    expect(() => read({ Cache: bucket })).toThrow(
      'Cache: the resource type AWS::ElastiCache::CacheCluster is not implemented locally',
    );
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['of a resource', { Q: aQueue({ FifoQueue: true }) }, 'Q (AWS::SQS::Queue): the property FifoQueue'],
    [
      'inside a property',
      { Q: aQueue({ RedrivePolicy: { deadLetterTargetArn: 'x', colour: 'red' } }) },
      'Q (AWS::SQS::Queue).RedrivePolicy: the property colour',
    ],
    [
      'inside a list',
      { R: { Type: 'AWS::Events::Rule', Properties: { Targets: [{ Id: 'a', Arn: 'b', InputPath: '$.detail' }] } } },
      'R (AWS::Events::Rule).Targets[0]: the property InputPath',
    ],
    [
      'a destination of asynchronous invocations',
      {
        C: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: { DestinationConfig: { OnSuccess: { Destination: 'b' } } },
        },
      },
      'C (AWS::Lambda::EventInvokeConfig): the property DestinationConfig',
    ],
    [
      'named after a member of Object.prototype',
      { Q: aQueue({ constructor: 1 }) },
      'Q (AWS::SQS::Queue): the property constructor',
    ],
  ])('fails at an unknown property and names it: %s', (_, resources, message) => {
    expect(() => read(resources)).toThrow(`${message} is not implemented locally`);
  });

  it('fails at an unknown section, attribute or reference', () => {
    expect(() => read({}, { Transform: 'AWS::Serverless-2016-10-31' })).toThrow(/section Transform/);
    const asking = (value: unknown) => ({ Q: aQueue({ QueueName: value }), T: { Type: 'AWS::Events::EventBus' } });
    expect(() => read(asking({ 'Fn::GetAtt': ['T', 'DisplayName'] }))).toThrow(
      /T \(AWS::Events::EventBus\): the attribute DisplayName/,
    );
    expect(() => read(asking({ Ref: 'Missing' }))).toThrow(/refers to Missing, which it does not have/);
  });

  it('resolves the properties that the runner uses, and ignores those without local effect', () => {
    const { resources } = read({
      Dead: aQueue({ QueueName: 'dead' }),
      Q: aQueue({
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
        SqsManagedSseEnabled: { 'Fn::ImportValue': 'not implemented' },
      }),
    });
    expect(resources[1]).toEqual({
      logicalId: 'Q',
      type: 'AWS::SQS::Queue',
      name: 'Stack-Q',
      arn: 'arn:aws:sqs:us-east-1:000000000000:Stack-Q',
      properties: {
        RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead', maxReceiveCount: 5 },
      },
    });
  });

  it('resolves parameters to their defaults, and outputs', () => {
    const { resources, outputs } = read(
      { Q: aQueue({ QueueName: { 'Fn::Sub': `orders-\${Stage}` } }) },
      {
        Parameters: { Stage: { Type: 'String', Default: 'test' } },
        Outputs: { QueueUrl: { Value: { Ref: 'Q' } }, Other: { Value: { 'Fn::ImportValue': 'not asked for' } } },
      },
    );
    expect(resources.map(({ name }) => name)).toEqual(['orders-test']);
    expect(outputs(/^Queue/)).toEqual([
      ['QueueUrl', 'https://sqs.us-east-1.amazonaws.com/000000000000/orders-test', ''],
    ]);
  });
});

describe("Mayfly's own template", () => {
  beforeAll(async () => {
    await theAssembly(); // makes the bundle that the image of the front is built from
  }, 180_000);

  it('has only resource types and properties that the local runner supports, and the runner supports no other type', () => {
    const domain = { domainName: 'a.example.com', certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/x' };
    const webAclArn = 'arn:aws:wafv2:us-east-1:111122223333:regional/webacl/x/y';
    const everyOption = { alarmTopic: 'ops@example.com', notifyMisses: true };
    const templates = [
      templateWith(
        { ...domain, hostedZoneId: 'Z1' },
        { ...everyOption, webAclArn, removalPolicy: RemovalPolicy.DESTROY },
      ),
      templateWith({ ...domain, front: 'service', hostedZoneId: 'Z1' }, everyOption),
    ];
    const types = new Set<string>();
    for (const template of templates) {
      const { resources } = readTemplate(JSON.parse(JSON.stringify(template)), STACK);
      expect(resources).toHaveLength(Object.keys(template.Resources).length);
      for (const { type } of resources) types.add(type);
    }
    expect(types).toEqual(new Set(Object.keys(RESOURCE_TYPES)));
  });
});
