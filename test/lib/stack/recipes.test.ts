import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { SlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Mayfly } from '../../../lib/stack/mayfly.ts';
import type { MayflyProps } from '../../../lib/stack/mayfly-props.ts';
import { anApp, someBundles } from './template.ts';

/** The template of a stack whose constructor is a snippet of a page. */
function templateOf(name: string, page = 'docs/recipes.md'): Template {
  const snippet = new RegExp(`^\`\`\`[jt]s ${name}\\n(.+?)^\`\`\``, 'ms').exec(readFileSync(page, 'utf8'))?.[1];
  if (snippet === undefined) throw new Error(`${page} has no snippet ${name}`);
  class WithBundles extends Mayfly {
    constructor(scope: Stack, id: string, props: MayflyProps) {
      super(scope, id, { bundles: someBundles(), ...props });
    }
  }
  const stack = new Stack(anApp(), 'Recipe');
  const endpoint = InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Vpce', {
    vpcEndpointId: 'vpce-1',
    port: 443,
  });
  const names = {
    SlackChannelConfiguration,
    UrlSubscription,
    Certificate,
    HostedZone,
    endpoint,
    Secret,
    Table,
    Bucket,
    Queue,
    Duration,
    EventType,
    SqsDestination,
  };
  const run = new Function('Mayfly', ...Object.keys(names), snippet);
  run.call(stack, WithBundles, ...Object.values(names));
  return Template.fromStack(stack);
}

const topicOf = (template: Template) => Object.keys(template.findResources('AWS::SNS::Topic'));

describe('the page about moving', () => {
  it('shows a stack that creates neither table, bucket nor secret', () => {
    const template = templateOf('moving', 'docs/moving.md');
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'])
      template.resourceCountIs(type, 0);
  });
});

describe('the recipe', () => {
  it('for keeping results for a year expires the objects of the bucket', () => {
    templateOf('kept').hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: Match.arrayWith([Match.objectLike({ Id: 'all', ExpirationInDays: 365 })]) },
    });
  });

  it('for Slack subscribes the channel to the topic of the alarms', () => {
    const template = templateOf('slack');
    const [topic] = topicOf(template);
    template.hasResourceProperties('AWS::Chatbot::SlackChannelConfiguration', { SnsTopicArns: [{ Ref: topic }] });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: topic }] });
  });

  it('for PagerDuty subscribes its address to the topic of the alarms', () => {
    const template = templateOf('pagerduty');
    const [topic] = topicOf(template);
    const [subscription] = Object.values(template.findResources('AWS::SNS::Subscription'));
    expect(subscription?.Properties).toMatchObject({ Protocol: 'https', TopicArn: { Ref: topic } });
    expect(subscription?.Properties.Endpoint).toMatch(/^https:\/\/events\.pagerduty\.com\/integration\/\w+\/enqueue$/);
  });

  it('for a host name of your own adds the domain and its DNS record', () => {
    const template = templateOf('domain');
    template.hasResourceProperties('AWS::ApiGateway::DomainName', { DomainName: 'osquery.example.com' });
    template.hasResourceProperties('AWS::Route53::RecordSet', { Name: 'osquery.example.com.' });
  });

  it('for Splunk and Elastic tells a queue of each object of answers and of logs', () => {
    const [notifications] = Object.values(templateOf('siem').findResources('Custom::S3BucketNotifications'));
    const { QueueConfigurations } = Object(notifications?.Properties.NotificationConfiguration);
    expect(QueueConfigurations).toHaveLength(2);
    expect(JSON.stringify(QueueConfigurations)).toMatch(/results\/.*logs\//);
  });

  it.each([
    ['a private API', 'private', 'AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['PRIVATE'] } }],
    ['a web ACL', 'waf', 'AWS::WAFv2::WebACLAssociation', {}],
  ])('for %s adds it', (_what, name, type, properties) => {
    templateOf(name).hasResourceProperties(type, properties);
  });
});
