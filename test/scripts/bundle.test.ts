import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { execPath } from 'node:process';
import { beforeAll, describe, expect, it } from '@jest/globals';

/** Runs Node in a separate process, because jest's module registry does not load a bundle as Lambda does. */
const node = (args: string[], environment: Record<string, string> = {}): string =>
  execFileSync(execPath, args, {
    encoding: 'utf8',
    env: { PATH: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const bundleOf = (name: string) => `./dist/lambdas/${name}/index.js`;
/** Prints the type of the handler or the error's message; Node itself would print the whole bundle first. */
const load = (name: string, environment: Record<string, string>) => {
  const attempt = `try { console.log(typeof require('${bundleOf(name)}').handler) } catch (e) { console.log(e.message) }`;
  return node(['-e', attempt], environment);
};

const names = readdirSync('lambdas');

describe('npm run bundle', () => {
  let printed = '';
  beforeAll(() => {
    printed = node(['--import', 'tsx', 'scripts/bundle.ts']);
  });

  it.each(names)('prints the size of %s', (name) => {
    expect(printed).toMatch(new RegExp(`│ ${name} +│ +\\d+\\.\\d │ +\\d+\\.\\d │`));
  });

  it.each(names)('makes %s a file that this Node loads and that has a handler', (name) => {
    const variables =
      'TABLE_NAME RESULTS_STREAM_NAME LOGS_STREAM_NAME QUARANTINE_STREAM_NAME ENROLL_SECRET_ARN NODE_KEY_SECRET_ARN BUS_NAME';
    const environment = Object.fromEntries(
      [...variables.split(' '), 'NO_AGENT_AFTER_SECONDS', 'SWEEP_EVERY_SECONDS'].map((variable) => [variable, '300']),
    );
    expect(load(name, { ...environment, AWS_REGION: 'eu-west-1', URL_SUFFIX: 'amazonaws.com' })).toBe('function\n');
  });

  it.each(names)('makes %s a file that does not start without its environment, and names what is missing', (name) => {
    expect(load(name, {})).toMatch(/TABLE_NAME/);
  });

  it('does not write unchanged files again, so that their readers are not disturbed', () => {
    const times = () => names.map((name) => statSync(bundleOf(name)).mtimeMs);
    const before = times();
    node(['--import', 'tsx', 'scripts/bundle.ts']);
    expect(times()).toEqual(before);
  });
});
