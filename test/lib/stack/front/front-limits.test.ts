import { describe, expect, it } from '@jest/globals';
import { contextTemplate, customTemplate } from '../shared-templates.ts';
import { EVENT_FUNCTIONS, functionNamed, mayflyTemplate, type Template, templateWith, theOnly } from '../template.ts';

const throttleOf = (template: Template): unknown =>
  theOnly<{ MethodSettings: unknown }>(template, 'AWS::ApiGateway::Stage').MethodSettings;
const reserved = (template: Template, name: string): unknown =>
  functionNamed(template, name)[1].ReservedConcurrentExecutions;

describe('the requests of agents', () => {
  it('are throttled by default, for each method and path of the stage', () => {
    expect(throttleOf(mayflyTemplate())).toEqual([
      expect.objectContaining({
        ResourcePath: '/*',
        HttpMethod: '*',
        ThrottlingRateLimit: 1_000,
        ThrottlingBurstLimit: 2_000,
      }),
    ]);
  });

  it('are throttled at the rates the app sets', () => {
    expect(throttleOf(customTemplate())).toEqual([
      expect.objectContaining({ ThrottlingRateLimit: 4_000, ThrottlingBurstLimit: 5_000 }),
    ]);
  });

  it.each([
    ['a property', customTemplate],
    ['the context of the command line', contextTemplate],
  ])('are limited to a configured concurrency, if %s sets it', (_, made) => {
    const template = made();
    expect(reserved(template, 'tls-api')).toBe(200);
    for (const name of EVENT_FUNCTIONS) expect([name, reserved(template, name)]).toEqual([name, undefined]);
  });

  it.each(['0', '-1', '1.5', 'many', ''])('cannot have a concurrency of "%s"', (agentConcurrency) => {
    expect(() => templateWith({ agentConcurrency })).toThrow(/whole number above 0/);
  });
});
