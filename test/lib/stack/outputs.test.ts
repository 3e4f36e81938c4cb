import { describe, expect, it } from '@jest/globals';
import { NestedStack, Stack } from 'aws-cdk-lib';
import { theMayfly } from '../../../lib/cli/deployment/stack-outputs.ts';
import { Mayfly } from '../../../lib/stack/mayfly.ts';
import { MayflyStack } from '../../../lib/stack/mayfly-stack.ts';
import { pairTemplate, templateOf } from './shared-templates.ts';
import { anApp, mayflyTemplate, someBundles, type Template } from './template.ts';

const bundles = someBundles();

/** Outputs as CloudFormation describes them, with logical ids in place of names. */
const deployed = ({ Outputs }: Template) =>
  Object.entries(Outputs).map(([OutputKey, { Value }]) => ({
    OutputKey,
    OutputValue: typeof Value === 'object' && Value !== null && 'Ref' in Value ? String(Value.Ref) : 'other',
  }));

describe('the outputs of a construct in an app of its own', () => {
  const template = pairTemplate();

  it('start with its path in the stack, so that they are stable and those of two differ', () => {
    const keys = Object.keys(template.Outputs);
    expect(keys.filter((key) => key.endsWith('Hostname'))).toEqual(['MayflyHostname', 'Osquery2TeamAHostname']);
    expect(keys.filter((key) => !/^(Mayfly|Osquery2TeamA)[A-Z]/.test(key))).toEqual([]);
  });

  it('are what --stack and --id look up, also below other constructs', () => {
    const outputs = deployed(template);
    for (const [id, start] of [
      ['Mayfly', 'Mayfly'],
      ['Osquery-2/Team A', 'Osquery2TeamA'],
    ] as const) {
      const { table, bus } = theMayfly('Platform', outputs, id);
      expect(template.Resources[table]).toMatchObject({ Type: 'AWS::DynamoDB::Table' });
      expect(template.Resources[bus ?? '']).toMatchObject({ Type: 'AWS::Events::EventBus' });
      expect([table, bus]).toEqual([expect.stringMatching(`^${start}Table`), expect.stringMatching(`^${start}Bus`)]);
    }
    expect(() => theMayfly('Platform', outputs)).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS', next: 'choose one with --id, of Mayfly, Osquery2TeamA' }),
    );
    expect(() => theMayfly('Platform', outputs, 'Other')).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', next: 'it has Mayfly, Osquery2TeamA' }),
    );
  });
});

describe('two Mayflies in one account and Region', () => {
  /** What a template names by itself. CloudFormation makes up the names that a template leaves out. */
  function namesIn(template: Template): string[] {
    return Object.values(template.Resources).flatMap(({ Type, Properties = {} }) =>
      Object.entries(Properties)
        .filter(([key, value]) => /Name$/.test(key) && typeof value === 'string' && !PARTS.has(`${Type}.${key}`))
        .map(([key, value]) => `${Type}.${key} = ${value}`),
    );
  }
  const namespacesIn = (template: Template): string[] => [
    ...new Set(JSON.stringify(template).match(/"POWERTOOLS_METRICS_NAMESPACE":"[^"]*"/g)),
  ];

  /** Names inside another resource, which belongs to one Mayfly. */
  const PARTS = new Set([
    'AWS::ApiGateway::Stage.StageName',
    'AWS::Athena::NamedQuery.Name',
    'AWS::CloudWatch::Alarm.MetricName',
    'AWS::IAM::Policy.PolicyName',
    'AWS::Logs::LogStream.LogStreamName',
  ]);

  const named = (stackName: string): Template => templateOf(new MayflyStack(anApp(), 'Mayfly', { bundles, stackName }));
  const nested = (stackName: string): Template => {
    const inner = new NestedStack(new Stack(anApp(), 'Same', { stackName }), 'Inner');
    new Mayfly(inner, 'Mayfly', { bundles });
    return templateOf(inner);
  };

  it.each([
    ['stacks of one class with different names', () => [mayflyTemplate(), named('Other')] as const],
    ['nested stacks of such stacks', () => [nested('first'), nested('second')] as const],
  ])('share no name: %s', (_, make) => {
    const [one, other] = make();
    expect(new Set(namesIn(one).map((name) => name.split(' = ')[0]))).toEqual(
      new Set([
        'AWS::ApiGateway::RestApi.Name',
        'AWS::Events::EventBus.Name',
        'AWS::Glue::Table.DatabaseName',
        'AWS::Athena::WorkGroup.Name',
      ]),
    );
    expect(namesIn(one).filter((name) => namesIn(other).includes(name))).toEqual([]);
    expect(namespacesIn(one)).toHaveLength(1);
    expect(namespacesIn(one)).not.toEqual(namespacesIn(other));
  });
});
