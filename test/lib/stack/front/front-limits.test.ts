import { describe, expect, it } from '@jest/globals';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import type { MayflyProps } from '../../../../lib/stack/mayfly-props.ts';
import { MayflyStack } from '../../../../lib/stack/mayfly-stack.ts';
import { anApp, EVENT_FUNCTIONS, functionNamed, someBundles, type Template, theOnly } from '../template.ts';

function templateOf(props: MayflyProps = {}, context: Readonly<Record<string, unknown>> = {}): Template {
  const app = anApp();
  for (const [name, value] of Object.entries(context)) app.node.setContext(name, value);
  const stack = new MayflyStack(app, 'Mayfly', { bundles: someBundles(), ...props });
  return Assertions.fromStack(stack).toJSON() as Template;
}

const throttleOf = (template: Template): unknown =>
  theOnly<{ MethodSettings: unknown }>(template, 'AWS::ApiGateway::Stage').MethodSettings;
const reserved = (template: Template, name: string): unknown =>
  functionNamed(template, name)[1].ReservedConcurrentExecutions;

describe('the requests of agents', () => {
  it('are throttled by default, for each method and path of the stage', () => {
    expect(throttleOf(templateOf())).toEqual([
      expect.objectContaining({
        ResourcePath: '/*',
        HttpMethod: '*',
        ThrottlingRateLimit: 1_000,
        ThrottlingBurstLimit: 2_000,
      }),
    ]);
  });

  it('are throttled at the rates the app sets', () => {
    const template = templateOf({ agentRequests: { perSecond: 4_000, burst: 5_000 } });
    expect(throttleOf(template)).toEqual([
      expect.objectContaining({ ThrottlingRateLimit: 4_000, ThrottlingBurstLimit: 5_000 }),
    ]);
  });

  it.each([
    ['a property', { agentConcurrency: 200 }, {}],
    ['the context of the command line', {}, { agentConcurrency: '200' }],
  ])('are limited to a configured concurrency, if %s sets it', (_, props, context) => {
    const template = templateOf(props, context);
    expect(reserved(template, 'tls-api')).toBe(200);
    for (const name of EVENT_FUNCTIONS) expect([name, reserved(template, name)]).toEqual([name, undefined]);
  });

  it.each(['0', '-1', '1.5', 'many', ''])('cannot have a concurrency of "%s"', (agentConcurrency) => {
    expect(() => templateOf({}, { agentConcurrency })).toThrow(/whole number above 0/);
  });
});
