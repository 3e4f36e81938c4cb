import { describe, expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { readEnv as readReconcileEnv } from '../../../lambdas/reconcile/env.ts';
import { readEnv as readTlsApiEnv } from '../../../lambdas/tls-api/env.ts';
import { readEnv as readEventEnv } from '../../../lib/aws/event-function.ts';
import { Mayfly } from '../../../lib/stack/mayfly.ts';
import { ROW_ACCESS, statementsOf } from '../../../lib/stack/table/row-access.ts';
import { KEYS } from '../../support/dynamodb.ts';
import { aFolder } from '../../support/folder.ts';
import { customTemplate } from './shared-templates.ts';
import {
  anApp,
  EVENT_FUNCTIONS,
  type FunctionProperties,
  functionNamed,
  idOf,
  listOf,
  mayflyTemplate,
  nameOf,
  policiesOf,
  type Reference,
  resourcesOf,
  textOf,
  theOnly,
} from './template.ts';

const template = mayflyTemplate();
const functions = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function');
const policies = policiesOf(template);

describe('every function', () => {
  it('is one of the expected ones', () => {
    expect(functions.map(([, fn]) => nameOf(fn)).sort()).toEqual([
      'deployment',
      'ec2-launch',
      'ecs-task-state',
      'finding',
      'last-gasp',
      'query-request',
      'reconcile',
      'tls-api',
    ]);
  });

  it.each(functions)('%s runs on arm64 and on the current Node runtime', (_id, fn) => {
    expect(fn).toMatchObject({ Architectures: ['arm64'], Runtime: 'nodejs24.x', Handler: 'index.handler' });
  });

  it.each(functions)('%s logs JSON to its own log group, which retains a month', (_id, { LoggingConfig }) => {
    const groups = new Map(resourcesOf<{ RetentionInDays?: number }>(template, 'AWS::Logs::LogGroup'));
    expect(LoggingConfig.LogFormat).toBe('JSON');
    expect(groups.get(idOf(LoggingConfig.LogGroup))?.RetentionInDays).toBe(30);
    expect(functions.filter(([, fn]) => idOf(fn.LoggingConfig.LogGroup) === idOf(LoggingConfig.LogGroup))).toHaveLength(
      1,
    );
  });

  it.each(functions)('%s reserves no concurrency, because a new account has none to spare', (_id, fn) => {
    expect(fn).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  // Only with the properties enrollSecrets and attest.
  const optional = ['NAMED_SECRET_ARNS', 'ATTEST', 'ATTEST_ACCOUNTS', 'ATTEST_CERTIFICATES'];
  const powertools = ['POWERTOOLS_LOG_LEVEL', 'POWERTOOLS_METRICS_NAMESPACE', 'POWERTOOLS_SERVICE_NAME'];
  it.each([
    ['tls-api', readTlsApiEnv],
    ['reconcile', readReconcileEnv],
    ...EVENT_FUNCTIONS.map((name) => [name, readEventEnv] as const),
  ])('%s gets exactly the environment variables that it reads', (name, readEnv) => {
    const variables = Object.keys(functionNamed(template, name)[1].Environment.Variables);
    const own = variables.filter((variable) => !powertools.includes(variable));
    const environment = Object.fromEntries(own.map((variable) => [variable, '300'])); // text and a number
    expect(variables).toEqual(expect.arrayContaining(powertools));
    const asked = Object.keys(readEnv(environment)).filter((variable) => !optional.includes(variable));
    expect(asked.sort()).toEqual(own.sort());
    for (const variable of own) expect(() => readEnv({ ...environment, [variable]: undefined })).toThrow(variable);
  });

  it('gets the right value in each variable', () => {
    const { Variables } = functionNamed(template, 'tls-api')[1].Environment;
    const typeBehind = (variable: string) => template.Resources[idOf(Variables[variable] as Reference)]?.Type;
    expect(typeBehind('TABLE_NAME')).toBe('AWS::DynamoDB::Table');
    expect(typeBehind('ENROLL_SECRET_ARN')).toBe('AWS::SecretsManager::Secret');
    expect(Variables.ENROLL_SECRET_ARN).not.toEqual(Variables.NODE_KEY_SECRET_ARN);
    for (const kind of ['results', 'logs', 'quarantine']) {
      const stream = template.Resources[idOf(Variables[`${kind.toUpperCase()}_STREAM_NAME`] as Reference)];
      expect(stream?.Properties).toMatchObject({
        ExtendedS3DestinationConfiguration: { Prefix: expect.stringMatching(`^${kind}/`) },
      });
    }
  });
});

describe('the function that answers polls', () => {
  it('writes no platform log lines, so that an empty poll costs none', () => {
    expect(functionNamed(template, 'tls-api')[1].LoggingConfig.SystemLogLevel).toBe('WARN');
  });

  it('times out before the agent stops listening, after 16 s', () => {
    expect(functionNamed(template, 'tls-api')[1].Timeout).toBeLessThanOrEqual(15);
  });
});

describe('permissions', () => {
  const allowed = policies.flatMap(([id, { PolicyDocument }]) =>
    PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').map((statement) => ({ id, statement })),
  );
  const ofFunction = (name: string) => {
    const role = idOf(functionNamed(template, name)[1].Role);
    return policies
      .filter(([, policy]) => policy.Roles?.some((reference) => idOf(reference) === role))
      .flatMap(([, policy]) => policy.PolicyDocument.Statement);
  };

  it('name every action, without wildcards', () => {
    const actions = allowed.flatMap(({ statement }) => listOf(statement.Action));
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  it('name every resource, except for objects of the bucket, tasks and instances of ECS, and what IAM cannot name', () => {
    const wildcards = allowed
      .flatMap(({ statement }) => listOf(statement.Resource).map(textOf))
      .filter((resource) => resource.includes('*'))
      .map((resource) => resource.replace(/<MayflyResultStreamsBucket[0-9A-F]{8}\.Arn>/, '<bucket>'));
    expect([...new Set(wildcards)].sort()).toEqual([
      '*',
      '<bucket>/*',
      'arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/*',
      'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:container-instance/*',
      'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/*',
    ]);
  });

  it('come from no managed policy, because AWS can change those', () => {
    const roles = resourcesOf<{ ManagedPolicyArns?: unknown }>(template, 'AWS::IAM::Role');
    expect(roles.filter(([, role]) => role.ManagedPolicyArns !== undefined)).toEqual([]);
  });

  const logs = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  const queue = ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'].map(
    (action) => `sqs:${action}`,
  );
  const events = ['BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map(
    (action) => `dynamodb:${action}`,
  );
  it.each([
    [
      'tls-api',
      [...logs, ...events, 'dynamodb:BatchGetItem', 'firehose:PutRecordBatch', 'secretsmanager:GetSecretValue'],
    ],
    [
      'ecs-task-state',
      [
        ...[...logs, ...queue, ...events, 'dynamodb:BatchGetItem'],
        ...['ecs:DescribeContainerInstances', 'ecs:DescribeTaskDefinition'],
      ],
    ],
    ['ec2-launch', [...logs, ...queue, ...events, 'dynamodb:BatchGetItem', 'ec2:DescribeInstances']],
    ['finding', [...logs, ...queue, ...events, 'dynamodb:BatchGetItem', 'ecs:DescribeContainerInstances']],
    ['query-request', [...logs, ...queue, ...events, 'dynamodb:BatchGetItem', 'ecs:DescribeContainerInstances']],
    [
      'last-gasp',
      [
        ...[...logs, ...queue, ...events, 'dynamodb:BatchGetItem'],
        ...['autoscaling:CompleteLifecycleAction', 'autoscaling:DescribeLifecycleHooks'],
      ],
    ],
    [
      'reconcile',
      [
        ...[...logs, ...events, 'dynamodb:BatchGetItem', 'ec2:DescribeInstances', 'ecs:DescribeContainerInstances'],
        ...['ecs:DescribeTaskDefinition', 'ecs:DescribeTasks', 'ecs:ListClusters', 'ecs:ListTasks'],
        ...['dynamodb:Query', 'events:PutEvents'], // the index, and Mayfly's own bus for coverage events
      ],
    ],
    ['deployment', [...logs, 'dynamodb:GetItem', 'dynamodb:PutItem']],
  ])('of %s are exactly the ones it needs', (name, actions) => {
    expect(
      ofFunction(name)
        .flatMap(({ Action }) => listOf(Action))
        .sort(),
    ).toEqual(actions.sort());
  });

  it.each(Object.entries(ROW_ACCESS))('of %s are for its partitions of the table only', (name, access) => {
    const table = Object.keys(template.Resources).find((id) => template.Resources[id]?.Type === 'AWS::DynamoDB::Table');
    const onTable = ofFunction(name).filter(({ Resource }) => listOf(Resource).map(textOf).includes(`<${table}.Arn>`));
    const allowedRows = onTable.map(({ Action, Condition }) => ({
      operations: listOf(Action).map((action) => action.replace('dynamodb:', '')),
      partitions: listOf(Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']),
    }));
    expect(allowedRows).toEqual(expect.arrayContaining(statementsOf(access)));
    expect(allowedRows).toHaveLength(statementsOf(access).length);
    for (const { Condition } of onTable) expect(Condition?.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
  });

  it('let only the deployment write the policy, whose SQL runs on every host', () => {
    const writers = Object.entries(ROW_ACCESS).filter(([, access]) =>
      statementsOf(access).some(
        ({ operations, partitions }) =>
          partitions.includes('POLICY') && operations.some((one) => !['GetItem', 'Query'].includes(one)),
      ),
    );
    expect(writers.map(([name]) => name)).toEqual(['deployment']);
    const patterns = Object.values(ROW_ACCESS).flatMap((access) => Object.keys(access));
    expect(patterns.filter((one) => one.endsWith('*') && 'POLICY'.startsWith(one.slice(0, -1)))).toEqual([]);
  });

  it('to list tasks are for all resources, because ECS confines a listing only if it names a container instance', () => {
    const listing = ofFunction('reconcile').find(({ Action }) => listOf(Action).includes('ecs:ListTasks'));
    expect(listing?.Resource).toBe('*');
  });
});

describe('stored data', () => {
  it('is in one table with one index, on demand, with TTL and point-in-time recovery', () => {
    expect(theOnly(template, 'AWS::DynamoDB::Table')).toMatchObject({
      ...KEYS,
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('is written gzipped and by date to one bucket that belongs to Mayfly alone', () => {
    const streams = resourcesOf<{ ExtendedS3DestinationConfiguration: { Prefix: string } }>(
      template,
      'AWS::KinesisFirehose::DeliveryStream',
    );
    expect(streams.map(([, stream]) => stream.ExtendedS3DestinationConfiguration)).toEqual(
      ['results', 'logs', 'quarantine'].map((kind) =>
        expect.objectContaining({
          CompressionFormat: 'GZIP',
          Prefix: `${kind}/!{timestamp:yyyy/MM/dd/HH}/`,
          ErrorOutputPrefix: expect.stringMatching(`^errors/${kind}/`),
        }),
      ),
    );
    expect(theOnly(template, 'AWS::S3::Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  it('has a log of failed deliveries for each stream, which Firehose may write', () => {
    const streams = resourcesOf<{
      ExtendedS3DestinationConfiguration: { Prefix: string; CloudWatchLoggingOptions: object };
    }>(template, 'AWS::KinesisFirehose::DeliveryStream');
    const logs = new Map(resourcesOf<{ LogStreamName: string }>(template, 'AWS::Logs::LogStream'));
    for (const [, { ExtendedS3DestinationConfiguration: destination }] of streams) {
      const { LogStreamName, ...options } = destination.CloudWatchLoggingOptions as { LogStreamName: Reference };
      expect(options).toEqual({ Enabled: true, LogGroupName: { Ref: expect.stringContaining('DeliveryErrors') } });
      expect(destination.Prefix.startsWith(`${logs.get(idOf(LogStreamName))?.LogStreamName}/`)).toBe(true);
    }
    const statements = policies
      .filter(([id]) => id.includes('DeliveryRole'))
      .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement);
    expect(statements).toContainEqual({
      Action: 'logs:PutLogEvents',
      Effect: 'Allow',
      Resource: { 'Fn::GetAtt': [expect.stringContaining('DeliveryErrors'), 'Arn'] },
    });
  });

  it.each([
    ['outlives the stack', mayflyTemplate(), 4, 'Retain'],
    ['goes with it on request', customTemplate(), 5, 'Delete'], // it has another enroll secret
  ])('%s', (_says, { Resources }, count, expected) => {
    const kept = Object.values(Resources).filter(({ Type }) =>
      ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'].includes(Type),
    );
    expect(kept).toHaveLength(count);
    expect(new Set(kept.map(({ DeletionPolicy }) => DeletionPolicy))).toEqual(new Set([expected]));
  });

  it('includes generated secrets that are long and safe to put in a file', () => {
    const secrets = resourcesOf<{ GenerateSecretString: object }>(template, 'AWS::SecretsManager::Secret');
    expect(secrets.map(([, secret]) => secret.GenerateSecretString)).toEqual([
      { PasswordLength: 48, ExcludePunctuation: true },
      { PasswordLength: 64, ExcludePunctuation: true },
    ]);
  });
});

describe('the outputs', () => {
  it('show the endpoint for agents, and give each host its flagfile', () => {
    const { MayflyHostname, MayflyPathPrefix, MayflyEnrollSecretArn, MayflyFlagfile } = template.Outputs;
    const hostname = textOf(MayflyHostname?.Value);
    expect(hostname).toMatch(/^<\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>$/);
    expect(MayflyPathPrefix?.Value).toBe('/prod');
    expect(template.Resources[idOf(MayflyEnrollSecretArn?.Value as Reference)]?.Type).toBe(
      'AWS::SecretsManager::Secret',
    );
    const flags = textOf(MayflyFlagfile?.Value).split('\n');
    expect(flags).toContain(`--tls_hostname=${hostname}`);
    expect(flags.filter((line) => line.includes('_endpoint='))).toEqual([
      '--enroll_tls_endpoint=/prod/enroll',
      '--config_tls_endpoint=/prod/config',
      '--logger_tls_endpoint=/prod/log',
      '--distributed_tls_read_endpoint=/prod/distributed/read',
      '--distributed_tls_write_endpoint=/prod/distributed/write',
    ]);
    expect(flags.filter((line) => !/^(--\w+=\S+|#.*)$/.test(line))).toEqual([]);
  });
});

describe('without its bundles', () => {
  it('the construct reports which one is missing, its path, and the command that builds it', () => {
    const other = new Stack(anApp(), 'Other');
    expect(() => new Mayfly(other, 'Mayfly', { bundles: aFolder() })).toThrow(
      /No bundle of the function 'tls-api' in .*folder-.*: run 'npm run bundle' first/,
    );
  });
});
