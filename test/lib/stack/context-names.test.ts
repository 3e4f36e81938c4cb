import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import cdkJson from '../../../cdk.json' with { type: 'json' };
import { checkContextNames } from '../../../lib/stack/context-names.ts';

const checked = (...names: string[]) =>
  checkContextNames(new App({ context: Object.fromEntries(names.map((name) => [name, 'x'])) }));
/** The names that the app and its stack read. */
const READ = ['bin/mayfly.ts', 'lib/stack/mayfly-stack.ts'].flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:tryGetContext|listOf)\('(\w+)'\)/g)].map(([, name = '']) => name),
);

describe('a name of the context', () => {
  it.each([
    ['frnt', 'front'],
    ['alarmtopic', 'alarmTopic'],
    ['enrollSecret', 'enrollSecrets'],
    ['resultKeptFor', 'resultsKeptFor'],
  ])('%s is refused as a misspelling', (given, meant) => {
    expect(() => checked(given)).toThrow(`the context ${given} is unknown: did you mean ${meant}?`);
  });

  it('of another app is ignored', () => {
    expect(() => checked('latest', 'stage', 'aws:cdk:bundling-stacks', ...Object.keys(cdkJson.context))).not.toThrow();
  });

  it.each([...new Set(READ), 'domainName', 'certificateArn', 'hostedZoneId'])('%s is read, and so known', (name) => {
    expect(READ.length).toBeGreaterThan(10);
    expect(() => checked(name)).not.toThrow();
    expect(() => checked(`${name}s`)).toThrow(`did you mean ${name}?`);
  });
});
