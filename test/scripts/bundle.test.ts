import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { execPath } from 'node:process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { theAssembly } from '../support/assembly.ts';

/** Runs Node in a separate process, because jest's module registry does not load a bundle as Lambda does. */
const node = (args: string[], environment: Record<string, string> = {}): string =>
  execFileSync(execPath, args, {
    encoding: 'utf8',
    env: { PATH: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const names = readdirSync('lambdas');
const bundleOf = (name: string) => `./dist/lambdas/${name}/index.js`;
/** Loads every bundle. @returns by name the type of its handler, or the message of the error */
const load = (environment: Record<string, string>): Record<string, string> => {
  const attempt = (file: string) =>
    `(() => { try { return typeof require('${file}').handler } catch (e) { return e.message } })()`;
  const entries = names.map((name) => `${JSON.stringify(name)}: ${attempt(bundleOf(name))}`);
  return JSON.parse(node(['-e', `console.log(JSON.stringify({ ${entries} }))`], environment));
};

describe('npm run bundle', () => {
  const times = () => names.map((name) => statSync(bundleOf(name)).mtimeMs);
  let before: number[];
  let printed = '';
  beforeAll(async () => {
    await theAssembly(); // whose functions are bundled from the same sources
    before = times();
    printed = node(['--import', 'tsx', 'scripts/bundle-sizes.ts']);
  });

  it.each(names)('prints the size of %s', (name) => {
    expect(printed).toMatch(new RegExp(`│ ${name} +│ +\\d+\\.\\d │ +\\d+\\.\\d │`));
  });

  it('makes files that this Node loads and that have a handler', () => {
    const variables =
      'TABLE_NAME RESULTS_STREAM_NAME LOGS_STREAM_NAME QUARANTINE_STREAM_NAME ENROLL_SECRET_ARN NODE_KEY_SECRET_ARN BUS_NAME';
    const environment = Object.fromEntries(
      [...variables.split(' '), 'NO_AGENT_AFTER_SECONDS', 'SWEEP_EVERY_SECONDS'].map((variable) => [variable, '300']),
    );
    const loaded = load({ ...environment, AWS_REGION: 'eu-west-1', URL_SUFFIX: 'amazonaws.com' });
    expect(loaded).toEqual(Object.fromEntries(names.map((name) => [name, 'function'])));
  });

  it('makes files that do not start without their environment, and name what is missing', () => {
    const missing = expect.stringMatching(/TABLE_NAME/);
    expect(load({})).toEqual(Object.fromEntries(names.map((name) => [name, missing])));
  });

  it('makes a small file for the polls of idle hosts, which requires the rest when it is needed', () => {
    const poll = readFileSync(bundleOf('tls-api'), 'utf8');
    expect(poll.length).toBeLessThan(100_000);
    expect(poll).toContain('require("./whole.js")');
  });

  it('leaves out what the functions do not use of Zod, such as its translations', () => {
    const files = names.flatMap((name) =>
      readdirSync(`dist/lambdas/${name}`).map((file) => `dist/lambdas/${name}/${file}`),
    );
    expect(files.filter((file) => readFileSync(file, 'utf8').includes('Eingabe'))).toEqual([]);
  });

  it('leaves out the operations of EC2 that the functions do not call', () => {
    const named = names.map((name) => readFileSync(bundleOf(name), 'utf8')).filter((text) => text.includes('ec2'));
    expect(named.filter((text) => text.includes('DescribeInstancesRequest')).length).toBeGreaterThan(0);
    expect(named.filter((text) => /CreateVpcRequest|DescribeInstanceStatusRequest/.test(text))).toEqual([]);
  });

  it('does not make them again while their sources are the same', () => {
    expect(times()).toEqual(before);
  });
});
