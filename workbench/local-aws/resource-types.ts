import { GATEWAY_TYPES } from './gateway-types.ts';
import {
  BACKUP,
  CAPACITY,
  ENCRYPTION,
  LABELS,
  type NoEffect,
  noEffect,
  PERMISSIONS,
  type PropertyTable,
  type ResourceType,
  STORAGE,
  USED,
  WATCHING,
} from './property-schema.ts';

const DELIVERY = noEffect('an event is in its queues before it is accepted, and a function takes what it is given');
const RETRIES = noEffect(
  'schedules alone invoke asynchronously here, and the next run does the work of one that failed',
);

const whole = (properties: NoEffect, type: Omit<ResourceType, 'properties'> = {}): ResourceType => ({
  properties,
  ...type,
});

const INDEX: PropertyTable = {
  ...{
    IndexName: USED,
    KeySchema: USED,
    Projection: USED,
    ProvisionedThroughput: CAPACITY,
    OnDemandThroughput: CAPACITY,
  },
  ...{
    WarmThroughput: CAPACITY,
    WriteProvisionedThroughputSettings: CAPACITY,
    ContributorInsightsSpecification: WATCHING,
  },
};
const TABLE: PropertyTable = {
  ...{ TableName: USED, KeySchema: USED, AttributeDefinitions: USED, TimeToLiveSpecification: USED },
  ...{ GlobalSecondaryIndexes: [INDEX] as const, LocalSecondaryIndexes: [INDEX] as const },
  ...{ BillingMode: CAPACITY, OnDemandThroughput: CAPACITY, WarmThroughput: CAPACITY, SSESpecification: ENCRYPTION },
};
const TABLE_EXTRAS: PropertyTable = {
  ...{
    PointInTimeRecoverySpecification: BACKUP,
    DeletionProtectionEnabled: BACKUP,
    TableClass: CAPACITY,
    Tags: LABELS,
  },
  ...{ ContributorInsightsSpecification: WATCHING, ResourcePolicy: PERMISSIONS },
};

/**
 * Every resource type and property that the runner knows. What is not listed stops it (`assembly.ts`):
 * so each line here is a promise that the property is obeyed, or that it makes no difference on one machine.
 */
export const RESOURCE_TYPES: { readonly [type: string]: ResourceType } = {
  'AWS::DynamoDB::Table': {
    properties: { ...TABLE, ...TABLE_EXTRAS, ProvisionedThroughput: CAPACITY },
    nameProperty: 'TableName',
    arn: { service: 'dynamodb', resource: 'table/{name}' },
  },
  'AWS::DynamoDB::GlobalTable': {
    properties: {
      ...TABLE,
      WriteProvisionedThroughputSettings: CAPACITY,
      WriteOnDemandThroughputSettings: CAPACITY,
      Replicas: [
        {
          ...TABLE_EXTRAS,
          ...{ Region: LABELS, SSESpecification: ENCRYPTION, ReadProvisionedThroughputSettings: CAPACITY },
          ...{ ReadOnDemandThroughputSettings: CAPACITY, GlobalSecondaryIndexes: CAPACITY },
        },
      ],
    },
    nameProperty: 'TableName',
    arn: { service: 'dynamodb', resource: 'table/{name}' },
  },
  'AWS::Lambda::Function': {
    properties: {
      ...{ FunctionName: USED, Handler: USED, Runtime: USED, Timeout: USED, MemorySize: USED },
      Environment: { Variables: USED },
      Code: { S3Key: USED, S3Bucket: noEffect('assets are read from the assembly') },
      ...{ Role: PERMISSIONS, Description: LABELS, Tags: LABELS, TracingConfig: WATCHING, KmsKeyArn: ENCRYPTION },
      DeadLetterConfig: RETRIES,
      ...{ Architectures: noEffect('bundles are JavaScript'), VpcConfig: noEffect('there is no network to join') },
      ...{
        LoggingConfig: { LogFormat: USED, ApplicationLogLevel: USED, SystemLogLevel: WATCHING, LogGroup: WATCHING },
        EphemeralStorage: CAPACITY,
      },
      ...{ ReservedConcurrentExecutions: USED, RuntimeManagementConfig: noEffect('the runtime is this Node') },
    },
    nameProperty: 'FunctionName',
    arn: { service: 'lambda', resource: 'function:{name}' },
  },
  'AWS::Lambda::EventSourceMapping': {
    properties: {
      ...{ EventSourceArn: USED, FunctionName: USED, Enabled: USED, BatchSize: USED, FunctionResponseTypes: USED },
      ...{ MaximumBatchingWindowInSeconds: USED, ScalingConfig: { MaximumConcurrency: USED }, Tags: LABELS },
    },
  },
  'AWS::Lambda::EventInvokeConfig': {
    properties: {
      ...{ FunctionName: LABELS, Qualifier: LABELS, MaximumRetryAttempts: RETRIES, MaximumEventAgeInSeconds: RETRIES },
      DestinationConfig: { OnFailure: RETRIES },
    },
  },
  'AWS::Lambda::Permission': whole(PERMISSIONS),
  'AWS::SQS::Queue': {
    properties: {
      ...{ QueueName: USED, VisibilityTimeout: USED, MessageRetentionPeriod: USED, DelaySeconds: USED },
      RedrivePolicy: { deadLetterTargetArn: USED, maxReceiveCount: USED },
      ...{
        RedriveAllowPolicy: PERMISSIONS,
        Tags: LABELS,
        KmsMasterKeyId: ENCRYPTION,
        SqsManagedSseEnabled: ENCRYPTION,
      },
      ...{
        KmsDataKeyReusePeriodSeconds: ENCRYPTION,
        ReceiveMessageWaitTimeSeconds: noEffect('nothing polls over a network'),
      },
    },
    nameProperty: 'QueueName',
    arn: { service: 'sqs', resource: '{name}' },
    ref: 'url',
    attributes: { QueueName: 'name', QueueUrl: 'url' },
  },
  'AWS::SQS::QueuePolicy': whole(PERMISSIONS),
  'AWS::Events::EventBus': {
    properties: {
      Name: USED,
      Description: LABELS,
      Tags: LABELS,
      Policy: PERMISSIONS,
      KmsKeyIdentifier: ENCRYPTION,
      LogConfig: WATCHING,
    },
    nameProperty: 'Name',
    arn: { service: 'events', resource: 'event-bus/{name}' },
    attributes: { Name: 'name' },
  },
  'AWS::Events::EventBusPolicy': whole(PERMISSIONS),
  'AWS::Events::Rule': {
    properties: {
      ...{
        Name: USED,
        EventBusName: USED,
        EventPattern: USED,
        State: USED,
        Description: LABELS,
        Tags: LABELS,
        RoleArn: PERMISSIONS,
        ScheduleExpression: USED,
      },
      Targets: [
        {
          ...{ Id: LABELS, Arn: USED, Input: USED, RoleArn: PERMISSIONS },
          ...{ RetryPolicy: DELIVERY, DeadLetterConfig: DELIVERY },
        },
      ],
    },
    nameProperty: 'Name',
    arn: { service: 'events', resource: 'rule/{name}' },
  },
  ...GATEWAY_TYPES,
  'AWS::ApiGateway::Account': whole(WATCHING),
  'AWS::KinesisFirehose::DeliveryStream': {
    properties: {
      ...{
        DeliveryStreamName: USED,
        DeliveryStreamType: USED,
        Tags: LABELS,
        DeliveryStreamEncryptionConfigurationInput: ENCRYPTION,
      },
      ExtendedS3DestinationConfiguration: {
        ...{
          Prefix: USED,
          BucketARN: STORAGE,
          ErrorOutputPrefix: STORAGE,
          FileExtension: STORAGE,
          CompressionFormat: STORAGE,
        },
        ...{ BufferingHints: noEffect('records are on disk when they are accepted'), RoleARN: PERMISSIONS },
        ...{ EncryptionConfiguration: ENCRYPTION, CloudWatchLoggingOptions: WATCHING, CustomTimeZone: STORAGE },
        ProcessingConfiguration: { Enabled: USED },
      },
    },
    nameProperty: 'DeliveryStreamName',
    arn: { service: 'firehose', resource: 'deliverystream/{name}' },
  },
  'AWS::SecretsManager::Secret': {
    properties: {
      ...{
        Name: USED,
        SecretString: USED,
        Description: LABELS,
        Tags: LABELS,
        KmsKeyId: ENCRYPTION,
        ReplicaRegions: BACKUP,
      },
      GenerateSecretString: {
        ...{
          PasswordLength: USED,
          ExcludeCharacters: USED,
          ExcludeLowercase: USED,
          ExcludeUppercase: USED,
          ExcludeNumbers: USED,
        },
        ...{ ExcludePunctuation: USED, IncludeSpace: USED, RequireEachIncludedType: USED },
        ...{ SecretStringTemplate: USED, GenerateStringKey: USED },
      },
    },
    nameProperty: 'Name',
    arn: { service: 'secretsmanager', resource: 'secret:{name}' },
    ref: 'arn',
    attributes: { Id: 'arn' },
  },
  'AWS::SecretsManager::ResourcePolicy': whole(PERMISSIONS),
  'AWS::S3::Bucket': whole(STORAGE, {
    nameProperty: 'BucketName',
    arn: { service: 's3', resource: '{name}', global: true },
  }),
  'AWS::S3::BucketPolicy': whole(PERMISSIONS),
  'Custom::S3AutoDeleteObjects': whole(STORAGE),
  'AWS::IAM::Role': whole(PERMISSIONS, {
    nameProperty: 'RoleName',
    arn: { service: 'iam', resource: 'role/{name}', global: true },
  }),
  'AWS::IAM::Policy': whole(PERMISSIONS),
  'AWS::IAM::ManagedPolicy': whole(PERMISSIONS, {
    ref: 'arn',
    arn: { service: 'iam', resource: 'policy/{name}', global: true },
  }),
  'AWS::KMS::Key': whole(ENCRYPTION, {
    arn: { service: 'kms', resource: 'key/{name}' },
    attributes: { KeyId: 'name' },
  }),
  'AWS::KMS::Alias': whole(ENCRYPTION),
  'AWS::Logs::LogGroup': whole(noEffect('logs are files of the data folder'), {
    nameProperty: 'LogGroupName',
    arn: { service: 'logs', resource: 'log-group:{name}:*' },
  }),
  'AWS::Logs::LogStream': whole(noEffect('logs are files of the data folder')),
  'AWS::Logs::MetricFilter': whole(WATCHING),
  'AWS::Logs::QueryDefinition': whole(WATCHING),
  'AWS::CloudWatch::Alarm': whole(WATCHING, {
    nameProperty: 'AlarmName',
    arn: { service: 'cloudwatch', resource: 'alarm:{name}' },
  }),
  'AWS::CloudWatch::CompositeAlarm': whole(WATCHING),
  'AWS::CloudWatch::Dashboard': whole(WATCHING),
  'AWS::SNS::Topic': whole(WATCHING, {
    ref: 'arn',
    arn: { service: 'sns', resource: '{name}' },
    attributes: { TopicArn: 'arn', TopicName: 'name' },
  }),
  'AWS::SNS::TopicPolicy': whole(PERMISSIONS),
  'AWS::SNS::Subscription': whole(WATCHING),
  'AWS::CDK::Metadata': whole(LABELS),
};
