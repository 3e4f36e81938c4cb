import { describe, expect, it } from '@jest/globals';
import {
  type FunctionProperties,
  functionNamed,
  idOf,
  listOf,
  type MappingProperties,
  mayflyTemplate,
  nameOf,
  policiesOf,
  type QueueProperties,
  type Reference,
  resourcesOf,
  textOf,
  theOnly,
} from '../template.ts';

interface RuleProperties {
  EventPattern?: unknown;
  EventBusName?: string;
  State: string;
  Targets: { Arn: Reference; DeadLetterConfig: { Arn: Reference } }[];
}
interface GatewayResponseProperties {
  ResponseType: string;
  StatusCode: string;
  ResponseTemplates: Record<string, string>;
}

const template = mayflyTemplate();
const functions = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function');
const mappings = resourcesOf<MappingProperties>(template, 'AWS::Lambda::EventSourceMapping').map(
  ([, mapping]) => mapping,
);
const policies = policiesOf(template);
const rules = resourcesOf<RuleProperties>(template, 'AWS::Events::Rule').filter(([, rule]) => rule.EventPattern);
const queues = new Map(resourcesOf<QueueProperties>(template, 'AWS::SQS::Queue'));
const queueAt = (reference: Reference): QueueProperties => {
  const queue = queues.get(idOf(reference));
  if (!queue) throw new Error(`No queue is called ${idOf(reference)}`);
  return queue;
};

/** The function that holds instances. */
const lastGasp = (() => {
  const [id, fn] = functionNamed(template, 'last-gasp');
  const mapping = mappings.find(({ FunctionName }) => idOf(FunctionName) === id);
  if (!mapping) throw new Error('nothing feeds last-gasp');
  return { mapping, timeout: fn.Timeout, visibility: queueAt(mapping.EventSourceArn).VisibilityTimeout };
})();

describe('events', () => {
  it('are taken from the default bus by these rules, and from our bus except for events that Mayfly publishes there', () => {
    // GuardDuty's administrator account gets the findings of its members; all other events of other accounts are irrelevant here.
    const own = { account: [{ Ref: 'AWS::AccountId' }] };
    const onBus = { ...own, source: [{ 'anything-but': ['mayfly'] }] };
    expect(rules.map(([, rule]) => rule.EventPattern)).toEqual([
      { ...own, source: ['aws.ecs'], 'detail-type': ['ECS Task State Change'] },
      { ...own, source: ['aws.ecs'], 'detail-type': ['ECS Container Instance State Change'] },
      {
        ...own,
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        detail: { state: ['running', 'shutting-down', 'terminated'] },
      },
      { ...own, source: ['aws.autoscaling'], 'detail-type': ['EC2 Instance Launch Successful'] },
      { ...own, source: ['aws.ec2'], 'detail-type': ['EC2 Spot Instance Interruption Warning'] },
      { ...own, source: ['aws.ec2'], 'detail-type': ['EC2 Instance Rebalance Recommendation'] },
      { ...own, source: ['aws.autoscaling'], 'detail-type': ['EC2 Instance-terminate Lifecycle Action'] },
      { source: ['aws.guardduty'], 'detail-type': ['GuardDuty Finding'] },
      onBus,
    ]);
    expect(rules.filter(([, rule]) => rule.State !== 'ENABLED')).toEqual([]);
    const onOwnBus = rules.filter(([, rule]) => rule.EventBusName !== undefined);
    expect(onOwnBus.map(([, rule]) => rule.EventPattern)).toEqual([onBus]);
  });

  it.each(rules)('of %s wait in a queue read by a function, with a dead-letter queue at both ends', (_id, rule) => {
    expect(rule.Targets).toHaveLength(1);
    for (const { Arn, DeadLetterConfig } of rule.Targets) {
      expect(mappings.filter((mapping) => idOf(mapping.EventSourceArn) === idOf(Arn))).toHaveLength(1);
      const { RedrivePolicy } = queueAt(Arn);
      expect(RedrivePolicy?.maxReceiveCount).toBe(5);
      expect(RedrivePolicy?.deadLetterTargetArn).toEqual(DeadLetterConfig.Arn);
      expect(queueAt(DeadLetterConfig.Arn).MessageRetentionPeriod).toBe(14 * 24 * 3600);
    }
  });

  it.each(rules)('of %s may enter their queue and its dead-letter queue', (id, rule) => {
    for (const target of rule.Targets.flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig.Arn])) {
      const senders = policies
        .filter(([, policy]) => policy.Queues?.some((queue) => idOf(queue) === idOf(target)))
        .flatMap(([, policy]) => policy.PolicyDocument.Statement)
        .filter(({ Effect, Action }) => Effect === 'Allow' && listOf(Action).includes('sqs:SendMessage'))
        .map(({ Condition }) => textOf(Condition?.ArnEquals?.['aws:SourceArn']));
      expect(senders).toContain(`<${id}.Arn>`);
    }
  });

  it('reach every function except the one for agents, the scheduled one and the one that a deployment calls', () => {
    const driven = mappings.map((mapping) => idOf(mapping.FunctionName));
    expect(functions.filter(([id]) => !driven.includes(id)).map(([, fn]) => nameOf(fn))).toEqual([
      'tls-api',
      'reconcile',
      'deployment',
    ]);
  });

  it('go to the function at once, and only failed ones are retried', () => {
    for (const mapping of mappings)
      expect(mapping).toMatchObject({
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: mapping === lastGasp.mapping ? 1 : 0, // hooks wait anyway, in few invocations
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 10 },
      });
  });

  it('of Spot never wait behind held hooks', () => {
    const queueOf = (detailType: string) => {
      const found = rules.find(([, { EventPattern }]) => JSON.stringify(EventPattern).includes(detailType));
      return found?.[1].Targets.map(({ Arn }) => idOf(Arn));
    };
    const held = [idOf(lastGasp.mapping.EventSourceArn)];
    expect(queueOf('EC2 Instance-terminate Lifecycle Action')).toEqual(held);
    expect(queueOf('EC2 Spot Instance Interruption Warning')).not.toEqual(held);
    expect(queueOf('EC2 Instance Rebalance Recommendation')).not.toEqual(held);
  });

  it('stay invisible for six times the function timeout, except where a late retry is useless', () => {
    for (const { EventSourceArn, FunctionName } of mappings.filter((mapping) => mapping !== lastGasp.mapping)) {
      const fn = functions.find(([id]) => id === idOf(FunctionName));
      expect(queueAt(EventSourceArn).VisibilityTimeout).toBeGreaterThanOrEqual(6 * (fn?.[1].Timeout ?? Number.NaN));
    }
    expect(lastGasp.timeout).toBeGreaterThan(120); // a hook is held for two minutes at most
    expect(lastGasp.visibility).toBeGreaterThan(lastGasp.timeout); // a shorter one makes Lambda refuse the queue
    expect(lastGasp.visibility).toBeLessThan(180); // only hooks with the heartbeat that docs/hosts.md recommends last that long
  });
});

describe('every queue', () => {
  it("is encrypted with SQS's own key, because EventBridge may not use the one AWS manages in KMS", () => {
    expect(queues.size).toBe(mappings.length + 1); // the one for dead letters
    for (const queue of queues.values()) {
      expect(queue.SqsManagedSseEnabled).toBe(true);
      expect(queue).not.toHaveProperty('KmsMasterKeyId');
    }
  });

  it.each([...queues.keys()])('%s rejects requests without TLS', (id) => {
    const statements = policies
      .filter(([, policy]) => policy.Queues?.some((queue) => idOf(queue) === id))
      .flatMap(([, policy]) => policy.PolicyDocument.Statement);
    expect(statements).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });
});

describe('the gateway', () => {
  /** API Gateway's API reference, GatewayResponse, `responseType`. */
  const types =
    `ACCESS_DENIED API_CONFIGURATION_ERROR AUTHORIZER_CONFIGURATION_ERROR AUTHORIZER_FAILURE BAD_REQUEST_BODY
    BAD_REQUEST_PARAMETERS DEFAULT_4XX DEFAULT_5XX EXPIRED_TOKEN INTEGRATION_FAILURE INTEGRATION_TIMEOUT INVALID_API_KEY
    INVALID_SIGNATURE MISSING_AUTHENTICATION_TOKEN QUOTA_EXCEEDED REQUEST_TOO_LARGE RESOURCE_NOT_FOUND THROTTLED UNAUTHORIZED
    UNSUPPORTED_MEDIA_TYPE WAF_FILTERED`.split(/\s+/);
  const responses = resourcesOf<GatewayResponseProperties>(template, 'AWS::ApiGateway::GatewayResponse').map(
    ([, r]) => r,
  );
  const refusals = responses.filter(({ ResponseType }) => ResponseType !== 'REQUEST_TOO_LARGE');

  it('has a Mayfly response for each of its 21 types of error', () => {
    expect(responses.map(({ ResponseType }) => ResponseType).sort()).toEqual(types);
    expect(types).toHaveLength(21);
  });

  it('answers each with text that no agent treats as success', () => {
    expect(refusals).toHaveLength(20);
    for (const { ResponseTemplates } of refusals) {
      expect(Object.keys(ResponseTemplates)).toEqual(['application/json', 'text/plain']); // osquery accepts the first
      for (const body of Object.values(ResponseTemplates)) {
        expect(() => JSON.parse(body)).toThrow(SyntaxError);
        expect(body.trim()).not.toBe('');
        expect(body).not.toContain('$'); // no variable: the reply must not contain what a client sent
      }
    }
  });

  it('acknowledges only a body that is too large, because the agent would resend it forever', () => {
    const [tooLarge] = responses.filter(({ ResponseType }) => ResponseType === 'REQUEST_TOO_LARGE');
    expect(tooLarge).toMatchObject({
      StatusCode: '413',
      ResponseTemplates: { 'application/json': '{}', 'text/plain': '{}' },
    });
  });

  it('declares every status, always an error and never a redirect', () => {
    expect(responses.filter(({ StatusCode }) => !/^[45]\d\d$/.test(StatusCode))).toEqual([]);
  });

  it('deploys its responses: an earlier deployment would lack them', () => {
    const [deployment] = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::ApiGateway::Deployment');
    const ids = resourcesOf(template, 'AWS::ApiGateway::GatewayResponse').map(([id]) => id);
    expect((deployment as unknown as { DependsOn: string[] }).DependsOn).toEqual(expect.arrayContaining(ids));
  });

  it('passes every method of every path to the function, with unchanged bytes and without an authorizer', () => {
    const methods = resourcesOf<{
      HttpMethod: string;
      AuthorizationType: string;
      Integration: { Type: string; Uri: unknown };
    }>(template, 'AWS::ApiGateway::Method').map(([, method]) => method);
    const [tlsApi] = functionNamed(template, 'tls-api');
    expect(methods).toHaveLength(2);
    for (const { HttpMethod, AuthorizationType, Integration } of methods) {
      expect([HttpMethod, AuthorizationType, Integration.Type]).toEqual(['ANY', 'NONE', 'AWS_PROXY']);
      expect(textOf(Integration.Uri)).toContain(`/functions/<${tlsApi}.Arn>/invocations`);
    }
    expect(theOnly(template, 'AWS::ApiGateway::Resource')).toMatchObject({ PathPart: '{proxy+}' });
    expect(theOnly(template, 'AWS::ApiGateway::RestApi')).toMatchObject({
      BinaryMediaTypes: ['*/*'],
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
  });
});
