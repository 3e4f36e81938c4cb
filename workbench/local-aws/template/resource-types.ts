import { GATEWAY_TYPES } from './gateway-types.ts';
import {
  BACKUP,
  CAPACITY,
  ENCRYPTION,
  LABELS,
  type NoEffect,
  noEffect,
  PERMISSIONS,
  type ResourceType,
  STORAGE,
  USED,
  WATCHING,
} from './property-schema.ts';
import { SERVICE_TYPES } from './service-types.ts';

const DELIVERY = noEffect('an event is in its queues before it is accepted, and a function takes what it is given');
const RETRIES = noEffect('only schedules invoke asynchronously here, and the next run does the work of a failed one');

const ATHENA = noEffect('commands read the files of the data folder');

const whole = (properties: NoEffect, type: Omit<ResourceType, 'properties'> = {}): ResourceType => ({
  properties,
  ...type,
});

/**
 * Every resource type and property that the runner knows: those of our own templates. The runner refuses to start with
 * any other (`assembly.ts`). So each line here promises that the runner obeys the property or that it makes no
 * difference on one machine.
 */
export const RESOURCE_TYPES: { readonly [type: string]: ResourceType } = {
  'AWS::DynamoDB::Table': {
    properties: {
      ...{ TableName: USED, KeySchema: USED, AttributeDefinitions: USED, TimeToLiveSpecification: USED },
      GlobalSecondaryIndexes: [{ IndexName: USED, KeySchema: USED, Projection: USED }],
      ...{ BillingMode: CAPACITY, PointInTimeRecoverySpecification: BACKUP },
    },
    nameProperty: 'TableName',
    arn: { service: 'dynamodb', resource: 'table/{name}' },
  },
  'AWS::Lambda::Function': {
    properties: {
      ...{ FunctionName: USED, Handler: USED, Runtime: USED, Timeout: USED, MemorySize: USED },
      Environment: { Variables: USED },
      Code: { S3Key: USED, S3Bucket: noEffect('assets are read from the assembly') },
      ...{ Role: USED, Description: LABELS, Architectures: noEffect('bundles are JavaScript') },
      LoggingConfig: { LogFormat: USED, ApplicationLogLevel: USED, SystemLogLevel: WATCHING, LogGroup: WATCHING },
      ReservedConcurrentExecutions: USED,
    },
    nameProperty: 'FunctionName',
    arn: { service: 'lambda', resource: 'function:{name}' },
  },
  'AWS::Lambda::EventSourceMapping': {
    properties: {
      ...{ EventSourceArn: USED, FunctionName: USED, BatchSize: USED, FunctionResponseTypes: USED },
      ...{ MaximumBatchingWindowInSeconds: USED, ScalingConfig: { MaximumConcurrency: USED } },
    },
  },
  'AWS::Lambda::EventInvokeConfig': {
    properties: {
      ...{ FunctionName: LABELS, Qualifier: LABELS, MaximumRetryAttempts: RETRIES, MaximumEventAgeInSeconds: RETRIES },
    },
  },
  'AWS::Lambda::Permission': whole(PERMISSIONS),
  'AWS::SQS::Queue': {
    properties: {
      ...{ QueueName: USED, VisibilityTimeout: USED, MessageRetentionPeriod: USED, SqsManagedSseEnabled: ENCRYPTION },
      RedrivePolicy: { deadLetterTargetArn: USED, maxReceiveCount: USED },
    },
    nameProperty: 'QueueName',
    arn: { service: 'sqs', resource: '{name}' },
    ref: 'url',
    attributes: { QueueName: 'name' },
  },
  'AWS::SQS::QueuePolicy': whole(PERMISSIONS),
  'AWS::Events::EventBus': {
    properties: { Name: USED, Description: LABELS },
    nameProperty: 'Name',
    arn: { service: 'events', resource: 'event-bus/{name}' },
  },
  'AWS::Events::Rule': {
    properties: {
      ...{ Name: USED, EventBusName: USED, EventPattern: USED, ScheduleExpression: USED, State: USED },
      Description: LABELS,
      Targets: [
        {
          ...{ Id: LABELS, Arn: USED, Input: USED, RetryPolicy: DELIVERY, DeadLetterConfig: DELIVERY },
          InputTransformer: noEffect('only the message to a topic has one, and nothing is published here'),
        },
      ],
    },
    nameProperty: 'Name',
    arn: { service: 'events', resource: 'rule/{name}' },
  },
  ...GATEWAY_TYPES,
  ...SERVICE_TYPES,
  'AWS::KinesisFirehose::DeliveryStream': {
    properties: {
      ...{ DeliveryStreamName: USED, DeliveryStreamType: USED },
      DeliveryStreamEncryptionConfigurationInput: ENCRYPTION,
      ExtendedS3DestinationConfiguration: {
        ...{ Prefix: USED, BucketARN: STORAGE, ErrorOutputPrefix: STORAGE, FileExtension: STORAGE },
        ...{ CompressionFormat: STORAGE, RoleARN: PERMISSIONS, CloudWatchLoggingOptions: WATCHING },
        BufferingHints: noEffect('records are on disk when they are accepted'),
      },
    },
    nameProperty: 'DeliveryStreamName',
    arn: { service: 'firehose', resource: 'deliverystream/{name}' },
  },
  'AWS::SecretsManager::Secret': {
    properties: {
      ...{ Name: USED, Description: LABELS },
      GenerateSecretString: { PasswordLength: USED, ExcludePunctuation: USED },
    },
    nameProperty: 'Name',
    arn: { service: 'secretsmanager', resource: 'secret:{name}' },
    ref: 'arn',
  },
  'AWS::S3::Bucket': whole(STORAGE, {
    nameProperty: 'BucketName',
    arn: { service: 's3', resource: '{name}', global: true },
  }),
  'AWS::S3::BucketPolicy': whole(PERMISSIONS),
  'AWS::Glue::Database': whole(ATHENA),
  'AWS::Glue::Table': whole(ATHENA),
  'AWS::Athena::WorkGroup': whole(ATHENA),
  'AWS::Athena::NamedQuery': whole(ATHENA),
  'AWS::IAM::Role': whole(PERMISSIONS, {
    nameProperty: 'RoleName',
    arn: { service: 'iam', resource: 'role/{name}', global: true },
  }),
  'AWS::IAM::Policy': { properties: { PolicyDocument: USED, Roles: USED, PolicyName: LABELS } },
  'Custom::MayflyPolicy': {
    properties: {
      ...{ ServiceToken: USED, TableName: USED },
      ServiceTimeout: noEffect('a function has a minute here'),
    },
  },
  'Custom::S3AutoDeleteObjects': whole(STORAGE),
  'AWS::Logs::LogGroup': whole(noEffect('logs are files of the data folder'), {
    nameProperty: 'LogGroupName',
    arn: { service: 'logs', resource: 'log-group:{name}:*' },
  }),
  'AWS::Logs::LogStream': whole(noEffect('logs are files of the data folder')),
  'AWS::SNS::Topic': whole(WATCHING, { arn: { service: 'sns', resource: '{name}' }, ref: 'arn' }),
  'AWS::SNS::TopicPolicy': whole(PERMISSIONS),
  'AWS::SNS::Subscription': whole(WATCHING),
  'AWS::CloudWatch::Alarm': whole(WATCHING, {
    nameProperty: 'AlarmName',
    arn: { service: 'cloudwatch', resource: 'alarm:{name}' },
  }),
  'AWS::CloudWatch::Dashboard': whole(WATCHING),
};
