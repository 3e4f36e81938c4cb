import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { execPath } from 'node:process';
import { beforeAll, describe, expect, it } from '@jest/globals';

/** Runs Node as a process of its own: jest's module registry is no place to load a bundle as Lambda does. */
const node = (args: string[], environment: Record<string, string> = {}): string =>
  execFileSync(execPath, args, {
    encoding: 'utf8',
    env: { PATH: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const bundleOf = (name: string) => `./dist/lambdas/${name}/index.js`;
/** What the handler is, or the message of what was thrown: Node itself would print the whole bundle before it. */
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

  it.each(names)('makes of %s a file that this Node loads and that has a handler', (name) => {
    const variables =
      'TABLE_NAME RESULTS_STREAM_NAME LOGS_STREAM_NAME QUARANTINE_STREAM_NAME ENROLL_SECRET_ARN NODE_KEY_SECRET_ARN BUS_NAME URL_SUFFIX';
    const environment = Object.fromEntries(
      [...variables.split(' '), 'NO_AGENT_AFTER_SECONDS', 'SWEEP_EVERY_SECONDS'].map((variable) => [variable, '300']),
    );
    expect(load(name, { ...environment, AWS_REGION: 'eu-west-1' })).toBe('function\n');
  });

  it.each(names)('makes of %s a file that refuses to start without its environment, and says what it lacks', (name) => {
    expect(load(name, {})).toMatch(/TABLE_NAME/);
  });

  it('leaves alone what has not changed, so that whoever reads a bundle is not disturbed', () => {
    const times = () => names.map((name) => statSync(bundleOf(name)).mtimeMs);
    const before = times();
    node(['--import', 'tsx', 'scripts/bundle.ts']);
    expect(times()).toEqual(before);
  });
});
