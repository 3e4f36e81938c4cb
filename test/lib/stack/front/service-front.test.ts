import { beforeAll, describe, expect, it } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readAgentEnv } from '../../../../lib/aws/tls-api-env.ts';
import { boundsOf } from '../../../../lib/core/ledger/bound.ts';
import { HEALTH_PATH } from '../../../../lib/service/server.ts';
import { readServiceEnv } from '../../../../lib/service/service-env.ts';
import type { Mayfly } from '../../../../lib/stack/mayfly.ts';
import { contextTemplate, serviceTemplate, templateOf } from '../shared-templates.ts';
import {
  anApp,
  type FunctionProperties,
  mayflyTemplate,
  nameOf,
  type PolicyProperties,
  resourcesOf,
  type Template,
  templateWith,
  theOnly,
} from '../template.ts';
import { ARN, aServiceStack } from './service-stack.ts';

const CONTEXT = { front: 'service', domainName: 'osquery.example.com', certificateArn: ARN };
interface Container {
  Environment: { Name: string; Value: unknown }[];
  ReadonlyRootFilesystem: boolean;
  StopTimeout: number;
  Image: string;
}
interface Task {
  Cpu: string;
  RuntimePlatform: { CpuArchitecture: string };
  ContainerDefinitions: [Container];
  TaskRoleArn: { 'Fn::GetAtt': [string, string] };
}

/** An app under cdk-nag, with a front that offers an interval of 0 s. */
const nagged = anApp();
Validations.of(nagged).addPlugins(new AwsSolutionsChecks(nagged));
const patient = aServiceStack(nagged, { distributedInterval: 0 });

describe('the long-poll front', () => {
  let template: Template;
  let mayfly: Mayfly;
  let container: Container;
  let variables: Record<string, unknown>;
  beforeAll(() => {
    mayfly = aServiceStack().mayfly;
    template = serviceTemplate();
    [container] = theOnly<Task>(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions;
    variables = Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value]));
  });

  it('takes the place of API Gateway and its function', () => {
    expect(resourcesOf(template, 'AWS::ApiGateway::RestApi')).toEqual([]);
    const functions = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function').map(([, fn]) => nameOf(fn));
    expect(functions).not.toContain('tls-api');
    expect(mayfly.api).toBeUndefined();
    expect(mayfly.loadBalancer).toBeDefined();
  });

  it('is two arm64 tasks, replaced without a gap, and rolled back if the new ones fail', () => {
    expect(theOnly<Task>(template, 'AWS::ECS::TaskDefinition').RuntimePlatform.CpuArchitecture).toBe('ARM64');
    expect(theOnly(template, 'AWS::ECS::Service')).toMatchObject({
      DesiredCount: 2,
      LaunchType: 'FARGATE',
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
      },
    });
    expect(theOnly(template, 'AWS::ApplicationAutoScaling::ScalableTarget')).toMatchObject({
      MinCapacity: 2,
      MaxCapacity: 10,
    });
    const metrics = resourcesOf<Record<string, Record<string, Record<string, string>>>>(
      template,
      'AWS::ApplicationAutoScaling::ScalingPolicy',
    ).map(([, p]) => p.TargetTrackingScalingPolicyConfiguration?.PredefinedMetricSpecification?.PredefinedMetricType);
    expect(metrics.sort()).toEqual(['ECSServiceAverageCPUUtilization', 'ECSServiceAverageMemoryUtilization']);
  });

  it.each([
    ['agentRequests', { agentRequests: { perSecond: 1, burst: 1 } }],
    ['agentConcurrency', { agentConcurrency: 5 }],
    ['defaultEndpoint', { defaultEndpoint: true }],
    ['webAclArn', { webAclArn: 'arn' }],
  ])('refuses %s, which only the gateway has', (name, props) => {
    expect(() => aServiceStack(anApp(), {}, props)).toThrow(`${name} is set, but it applies only to Front.serverless`);
  });

  it('gets no new reads long before its held ones have to end', () => {
    const { TargetGroupAttributes, HealthCheckPath, Protocol } = theOnly<{
      TargetGroupAttributes: { Key: string; Value: string }[];
      HealthCheckPath: string;
      Protocol: string;
    }>(template, 'AWS::ElasticLoadBalancingV2::TargetGroup');
    const delay = TargetGroupAttributes.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds');
    expect(Number(delay?.Value)).toBeGreaterThan(12);
    expect(container.StopTimeout).toBeGreaterThanOrEqual(15);
    expect([HealthCheckPath, Protocol]).toEqual([HEALTH_PATH, 'HTTP']);
  });

  it('speaks TLS 1.2 or 1.3 with the given certificate, and nothing in the clear', () => {
    expect(theOnly(template, 'AWS::ElasticLoadBalancingV2::Listener')).toMatchObject({
      Port: 443,
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: ARN }],
      SslPolicy: expect.stringMatching(/TLS13/),
    });
  });

  it('has an environment that its process can read', () => {
    const environment = Object.fromEntries(Object.keys(variables).map((name) => [name, '300']));
    const names = { ...environment, DISTRIBUTED_INTERVAL: '1', WAKE_HINTS: 'on' };
    expect(() => [readAgentEnv(names), readServiceEnv(names)]).not.toThrow();
    expect(variables).toMatchObject({
      PORT: '8080',
      DISTRIBUTED_INTERVAL: '1',
      WAKE_HINTS: 'on',
    });
  });

  it('makes everything that queues queries or ends nodes write hints', () => {
    const functions = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(5);
    // The deployment only writes the default policy.
    for (const [, fn] of functions.filter(([, one]) => nameOf(one) !== 'deployment'))
      if ('TABLE_NAME' in fn.Environment.Variables) expect(fn.Environment.Variables.WAKE_HINTS).toBe('on');
    const serverless = resourcesOf<FunctionProperties>(mayflyTemplate(), 'AWS::Lambda::Function');
    for (const [, fn] of serverless) expect(fn.Environment.Variables).not.toHaveProperty('WAKE_HINTS');
  });

  it('shows the bound of "mayfly mtta" beside the measured times', () => {
    for (const distributedInterval of [0, 1] as const) {
      const bound = boundsOf({ intervalSeconds: distributedInterval, isHeld: true, sweepEveryMs: 60_000 }).idleMs;
      const made = { 0: templateOf(patient.stack), 1: template }[distributedInterval];
      const { DashboardBody } = theOnly<{ DashboardBody: object }>(made, 'AWS::CloudWatch::Dashboard');
      expect(JSON.stringify(DashboardBody)).toContain(`\\"value\\":${bound},\\"label\\":\\"guaranteed bound\\"`);
    }
  });

  it('gives the functions that queue queries the interval of its agents, for the bound they record', () => {
    const functions = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function');
    const named = functions.filter(([, { Environment }]) => 'DISTRIBUTED_INTERVAL' in Environment.Variables);
    expect(named.map(([, fn]) => nameOf(fn)).sort()).toEqual(
      'ec2-launch ecs-task-state finding last-gasp query-request reconcile'.split(' '),
    );
    for (const [, fn] of named) expect(fn.Environment.Variables.DISTRIBUTED_INTERVAL).toBe('1');
  });

  it('may use the table, the secrets and the streams, and nothing else', () => {
    const role = theOnly<Task>(template, 'AWS::ECS::TaskDefinition').TaskRoleArn['Fn::GetAtt'][0];
    const statements = resourcesOf<PolicyProperties>(template, 'AWS::IAM::Policy')
      .filter(([, { Roles = [] }]) => Roles.some((one) => 'Ref' in one && one.Ref === role))
      .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement);
    const services = new Set(statements.flatMap(({ Action }) => [Action].flat().map((action) => action.split(':')[0])));
    expect([...services].sort()).toEqual(['dynamodb', 'firehose', 'secretsmanager']);
    expect(statements.flatMap(({ Resource }) => [Resource].flat())).not.toContain('*');
    expect(container.ReadonlyRootFilesystem).toBe(true);
  });

  it('tells agents its own name, no path prefix, and an interval of one second', () => {
    expect([mayfly.hostname, mayfly.pathPrefix]).toEqual(['osquery.example.com', '']);
    expect(mayfly.flagfile).toContain('--tls_hostname=osquery.example.com\n');
    expect(mayfly.flagfile).toContain('--enroll_tls_endpoint=/enroll\n');
    expect(mayfly.flagfile).toContain('--distributed_interval=1\n');
  });
});

describe('the shipped app with -c front=service', () => {
  it('needs a domain with its certificate, and says so', () => {
    expect(() => templateWith({ front: 'service' })).toThrow('it needs domainName and certificateArn');
    expect(() => templateWith({ front: 'both' })).toThrow(
      'the context front is "both": it has to be serverless or service',
    );
    expect(() => templateWith({ ...CONTEXT, distributedInterval: '5' })).toThrow('it has to be 0 or 1');
    expect(() => templateWith({ ...CONTEXT, vpcId: 'vpc-1' })).toThrow('it needs availabilityZones');
  });

  it('changes nothing for a stack without it', () => {
    expect(resourcesOf(contextTemplate(), 'AWS::ECS::Service')).toEqual([]);
  });
});

describe("AWS's Solutions checks", () => {
  it('find nothing in the long-poll front', () => {
    expect(() => nagged.synth()).not.toThrow();
  });
});
