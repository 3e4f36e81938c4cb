import { describe, expect, it } from '@jest/globals';
import { customTemplate, serviceTemplate } from './shared-templates.ts';
import type { Template } from './template.ts';

/** Types whose replacement loses data, or a name that hosts, operators or other stacks use. */
const LASTING = new Set([
  'AWS::ApiGateway::DomainName',
  'AWS::ApiGateway::RestApi',
  'AWS::Athena::WorkGroup',
  'AWS::CloudWatch::Dashboard',
  'AWS::DynamoDB::Table',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::Events::EventBus',
  'AWS::Glue::Database',
  'AWS::KinesisFirehose::DeliveryStream',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
]);

/** The logical ids of lasting and of custom resources, with their types. */
const idsOf = ({ Resources }: Template): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Resources)
      .filter(
        ([, { Type }]) =>
          LASTING.has(Type) || Type.startsWith('Custom::') || Type === 'AWS::CloudFormation::CustomResource',
      )
      .map(([id, { Type }]): [string, string] => [id, Type])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

// A version that changes an id here replaces the resource at the next deployment: its data or its name is lost.
const SHARED = {
  MayflyBusF96073F2: 'AWS::Events::EventBus',
  MayflyDashboardDF668A45: 'AWS::CloudWatch::Dashboard',
  MayflyDeadLetters642FC623: 'AWS::SQS::Queue',
  MayflyEc2LaunchQueueD278C21D: 'AWS::SQS::Queue',
  MayflyEcsTaskStateQueue55285724: 'AWS::SQS::Queue',
  MayflyFindingQueueA0EDA472: 'AWS::SQS::Queue',
  MayflyLastGaspQueue324E38E7: 'AWS::SQS::Queue',
  MayflyPolicySeedPolicy73948A05: 'Custom::MayflyPolicy',
  MayflyQueryRequestQueue332DF664: 'AWS::SQS::Queue',
  MayflyResultStreamsBucket80AF834F: 'AWS::S3::Bucket',
  MayflyResultStreamsLogs58FBF6C9: 'AWS::KinesisFirehose::DeliveryStream',
  MayflyResultStreamsQuarantine51C53A1C: 'AWS::KinesisFirehose::DeliveryStream',
  MayflyResultStreamsResults3DC044E6: 'AWS::KinesisFirehose::DeliveryStream',
  MayflyResultTablesDatabase24B812D6: 'AWS::Glue::Database',
  MayflyResultTablesWorkgroup9700B182: 'AWS::Athena::WorkGroup',
  MayflySecretsEnrollSecretD998C10D: 'AWS::SecretsManager::Secret',
  MayflySecretsNodeKeySecret2C40AEDC: 'AWS::SecretsManager::Secret',
  MayflyTableE1C2CC92: 'AWS::DynamoDB::Table',
};

describe('the logical ids of lasting resources', () => {
  it('stay as they are behind the serverless front', () => {
    expect(idsOf(customTemplate())).toEqual({
      ...SHARED,
      MayflyAlarmTopicB5A97BCB: 'AWS::SNS::Topic',
      MayflyResultStreamsBucketAutoDeleteObjectsCustomResource33E150B3: 'Custom::S3AutoDeleteObjects',
      MayflySecretsEnrollSecretdbF65CA860: 'AWS::SecretsManager::Secret',
      MayflyTlsApiB1F17ACD: 'AWS::ApiGateway::RestApi',
      MayflyTlsApiDomain8ADAF8D4: 'AWS::ApiGateway::DomainName',
    });
  });

  it('stay as they are behind the long-poll front', () => {
    expect(idsOf(serviceTemplate())).toEqual({
      ...SHARED,
      MayflyServiceFrontLoadBalancer836CF853: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    });
  });
});
