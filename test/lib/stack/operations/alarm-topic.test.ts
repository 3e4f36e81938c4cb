import { describe, expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { CoverageEvent } from '../../../../lib/core/ledger/review.ts';
import { compilePattern } from '../../../../lib/core/policy/event-pattern.ts';
import { Mayfly } from '../../../../lib/stack/mayfly.ts';
import { createRules } from '../../../../workbench/local-aws/rules.ts';
import { readTemplate } from '../../../../workbench/local-aws/template/template.ts';
import { contextTemplate, customTemplate, templateOf } from '../shared-templates.ts';
import {
  anApp,
  idOf,
  mayflyTemplate,
  resourcesOf,
  someBundles,
  type Template,
  templateWith,
  textOf,
  theOnly,
} from '../template.ts';

const ARN = 'arn:aws:sns:eu-west-1:111122223333:pager';

interface RuleProperties {
  readonly EventPattern?: object;
  readonly EventBusName?: unknown;
  readonly Targets: readonly {
    readonly Arn: unknown;
    readonly InputTransformer?: { readonly InputTemplate: string };
  }[];
}
interface TopicPolicy {
  readonly PolicyDocument: { readonly Statement: readonly { readonly Effect: string; readonly Principal: object }[] };
}

/** A topic for alarms, but not for misses. */
const mailed = templateWith({ alarmTopic: 'ops@example.com' });

/** The targets of the alarms' actions, as text, each once. */
function actionsOf(template: Template): string[] {
  const alarms = resourcesOf<{ AlarmActions?: unknown[]; OKActions?: unknown[] }>(template, 'AWS::CloudWatch::Alarm');
  expect(alarms.length).toBeGreaterThan(20);
  return [
    ...new Set(
      alarms.flatMap(([, { AlarmActions = [], OKActions = [] }]) => {
        expect(OKActions).toEqual(AlarmActions);
        return AlarmActions.length === 1 ? AlarmActions.map(textOf) : [`${AlarmActions.length} actions`];
      }),
    ),
  ];
}

const topicsOf = (template: Template) => resourcesOf(template, 'AWS::SNS::Topic').map(([id]) => id);
const misses = (template: Template): RuleProperties[] =>
  resourcesOf<RuleProperties>(template, 'AWS::Events::Rule')
    .filter(([id]) => id.includes('AlarmTopic'))
    .map(([, rule]) => rule);

describe('alarms', () => {
  it('publish to no topic by default', () => {
    const template = mayflyTemplate();
    expect(actionsOf(template)).toEqual(['0 actions']);
    expect(topicsOf(template)).toEqual([]);
  });

  it.each([
    ['true', customTemplate(), []],
    ['an e-mail address in the context', mailed, ['ops@example.com']],
  ])('all publish to a new topic for %s, when they fire and when they end', (_, template, addresses) => {
    const [topic] = topicsOf(template);
    expect(actionsOf(template)).toEqual([`<${topic}>`]);
    expect(template.Outputs.MayflyAlarmTopicArn?.Value).toEqual({ Ref: topic });
    expect(resourcesOf(template, 'AWS::SNS::Subscription').map(([, subscription]) => subscription)).toEqual(
      addresses.map((Endpoint) => ({ Protocol: 'email', Endpoint, TopicArn: { Ref: topic } })),
    );
  });

  it.each([
    ['a property', mayflyTemplate({ alarmTopic: ARN })],
    ['the context', templateWith({ alarmTopic: ARN })],
  ])('all publish to an existing topic whose ARN %s names', (_, template) => {
    expect(actionsOf(template)).toEqual([ARN]);
    expect(topicsOf(template)).toEqual([]);
  });

  it("all publish to a topic of the app, whose policy lets CloudWatch publish only this account's alarms", () => {
    const stack = new Stack(anApp(), 'Other');
    const topic = new Topic(stack, 'Pager');
    const mayfly = new Mayfly(stack, 'Mayfly', { bundles: someBundles(), alarmTopic: topic });
    expect(mayfly.alarmTopic).toBe(topic);
    const template = templateOf(stack);
    const [id] = topicsOf(template);
    expect(actionsOf(template)).toEqual([`<${id}>`]);
    expect(theOnly<TopicPolicy>(template, 'AWS::SNS::TopicPolicy').PolicyDocument.Statement).toEqual([
      {
        Sid: '0',
        Action: 'sns:Publish',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Resource: { Ref: id },
        Condition: {
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          ArnLike: { 'aws:SourceArn': expect.anything() },
        },
      },
    ]);
  });

  it.each(['yes', 'ops@', 'arn:aws:sqs:eu-west-1:111122223333:queue', ''])('have no topic "%s"', (alarmTopic) => {
    expect(() => mayflyTemplate({ alarmTopic })).toThrow(
      `alarmTopic is '${alarmTopic}': it has to be true, an e-mail address, the ARN of an SNS topic, or a topic`,
    );
  });
});

describe('a miss', () => {
  it('is not published by default', () => {
    expect(misses(mailed)).toEqual([]);
  });

  it.each([
    ['the property', customTemplate()],
    ['the context', contextTemplate()],
  ])('is published from the bus if the app asks for it with %s, unlike later sightings', (_, template) => {
    const [rule] = misses(template);
    expect(rule?.Targets.map(({ Arn }) => Arn)).toEqual([{ Ref: topicsOf(template)[0] }]);
    expect(idOf(rule?.EventBusName as { Ref: string })).toBe(resourcesOf(template, 'AWS::Events::EventBus')[0]?.[0]);
    const event = (detail: Partial<CoverageEvent>) => ({ source: 'mayfly', 'detail-type': 'Mayfly Coverage', detail });
    const matches = compilePattern(rule?.EventPattern);
    expect(matches(event({ verdict: 'missed', reason: 'not-enrolled' }))).toBe(true);
    expect(matches(event({ verdict: 'seen', reason: null }))).toBe(false);
  });

  it('is a custom notification for chat, whose sentence contains only text without quotes', () => {
    const [rule] = misses(customTemplate());
    const inputTemplate = rule?.Targets[0]?.InputTransformer?.InputTemplate ?? '';
    // As EventBridge does: a variable that stands alone becomes a JSON string, one inside a text its bare value.
    const filled = inputTemplate
      .replace(/"[^"]*"/g, (text) => text.replaceAll('<detail-workload>', 'i-1').replaceAll('<detail-reason>', 'no-id'))
      .replaceAll('<detail-advice>', JSON.stringify('see "mayfly nodes"'));
    expect(JSON.parse(filled)).toEqual({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: 'Mayfly missed a workload: no-id',
        description: 'see "mayfly nodes"',
        nextSteps: ['npx mayfly task i-1'],
      },
    });
  });

  it('cannot be published without a topic', () => {
    expect(() => mayflyTemplate({ notifyMisses: true })).toThrow('notifyMisses is true: it needs an alarmTopic');
    expect(() => templateWith({ alarmTopic: 'true', notifyMisses: 'often' })).toThrow(
      'the context notifyMisses is "often": it has to be true or false',
    );
  });
});

describe('a topic of Mayfly', () => {
  it('accepts messages over TLS only, from the alarms and from the bus', () => {
    const { Statement } = theOnly<TopicPolicy>(customTemplate(), 'AWS::SNS::TopicPolicy').PolicyDocument;
    expect(Statement.map(({ Effect, Principal }) => [Effect, Principal])).toEqual([
      ['Deny', '*'],
      ['Allow', { Service: 'cloudwatch.amazonaws.com' }],
      ['Allow', { Service: 'events.amazonaws.com' }],
    ]);
  });

  it('is known to the local runner, which publishes nothing', () => {
    const place = { stackName: 'Stack', account: '000000000000', region: 'us-east-1' };
    const { resources } = readTemplate(JSON.parse(JSON.stringify(customTemplate())), place);
    const [rule] = resources.filter(({ logicalId }) => /AlarmTopic.*Misses/.test(logicalId));
    expect(createRules(rule ? [rule] : [], new Map())).toEqual([expect.objectContaining({ targets: [] })]);
  });
});
