import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aFolder, aMayfly, folderOf, mayfly } from '../../../support/command.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { restoreEnvironment } from '../../../support/environment.ts';

const before = { ...process.env };
beforeEach(() => {
  delete process.env.MAYFLY_STACK;
});
afterEach(() => {
  restoreEnvironment(before);
});

describe('an error', () => {
  it('is text with the next step', async () => {
    const { code, stderr } = await mayfly('nodes', '--data', 'no-such-folder');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^mayfly: no Mayfly has run in no-such-folder: start one/),
    ]);
  });

  it('is one JSON object on standard error with --json', async () => {
    const { code, stdout, stderr } = await mayfly('nodes', '--data', 'no-such-folder', '--json');
    expect([code, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'NOT_RUNNING',
        message: 'no Mayfly has run in no-such-folder',
        next: expect.stringContaining('--stack NAME'),
      },
    });
  });

  it.each([
    [['policy', 'pusj'], /unknown command 'pusj'/],
    [['policy'], /unknown option '--json'/],
    [['coverage', '--since', 'soon'], /option '--since <time>' argument 'soon' is invalid/],
  ])('of the command line %j is JSON with --json, and the exit code is 2', async (words, message) => {
    const { code, stdout, stderr } = await mayfly(...words, '--json');
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'COMMAND_LINE_INVALID',
        message: expect.stringMatching(message),
        next: expect.any(String),
      },
    });
  });

  it('escapes control and bidirectional characters in JSON', async () => {
    const { stderr } = await mayfly('nodes', '--data', 'x\u001b]0;\u202e\u{e0041}', '--json');
    expect(stderr).toMatch(/^[\x20-\x7e\n]*$/);
    expect(JSON.parse(stderr).error.message).toBe('no Mayfly has run in x\u001b]0;\u202e\u{e0041}');
  });

  it.each([
    [['nodes', '--data', 'x\u001b]0;\u202e'], 'no Mayfly has run in x\\u001b]0;\\u202e: '],
    [['task', '\u001b[31m'], "'\\u001b[31m' is invalid for argument 'workload'"],
    [['\u009b31m\u200f'], "unknown command '\\u009b31m\\u200f'"],
  ])('escapes control and bidirectional characters of %j', async (words, message) => {
    const { stderr } = await mayfly(...words);
    expect(stderr).toMatch(/^[\x20-\x7e\n]*$/);
    expect(stderr).toContain(message);
  });

  it.each([
    [
      ['cost', '--hosts', '10', '--data', 'x'],
      "option '-d, --data <folder>' cannot be used with option '-n, --hosts <number>'",
    ],
    [['query', ' ', '--all'], 'mayfly: there is no query: add SQL'],
    [['query', 'SELECT 1'], 'mayfly: no hosts are named: add --host H'],
    [['request', 'x', '--detail', '{'], "argument '{' is invalid. Write a JSON object."],
    [['policy', 'test', 'README.md'], 'mayfly: README.md: not JSON: Unexpected token '],
  ])('of %j is one line that names what is wrong', async (words, message) => {
    const { stderr } = await mayfly(...words);
    expect(stderr.split('\n')[0]).toContain(message);
    expect(stderr.replace('Try the same with --help\n', '').trimEnd()).not.toContain('\n');
  });

  it('keeps the lines of a message', async () => {
    const { stderr } = await mayfly('task', 'nope');
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  it('ends with the code of a closed pipe if the reader of standard error is gone', async () => {
    const command = spawn(process.execPath, ['bin/mayfly.js', 'task', 'nope'], { stdio: ['ignore', 'ignore', 'pipe'] });
    command.stderr.destroy();
    expect(await once(command, 'exit')).toEqual([141, null]);
  });

  it('of a local Mayfly that does not answer names a command with its data folder', async () => {
    const data = await folderOf({
      'ready.json': JSON.stringify({ dynamodb: 'http://127.0.0.1:1', tableName: 'x', events: 'http://127.0.0.1:1' }),
    });
    process.env.AWS_MAX_ATTEMPTS = '1';
    const { stderr } = await mayfly('nodes', '--data', data, '--json');
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'NOT_RUNNING',
      next: expect.stringContaining(`"npx mayfly local --no-demo --data ${data}"`),
    });
  });

  it('of a host that is not enrolled names a command for the same Mayfly', async () => {
    const { data } = await aMayfly();
    const { stderr } = await mayfly('node', 'show', 'web-7', '--data', data, '--json');
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'NOT_FOUND',
      next: `"npx mayfly nodes --data ${data}" lists those that are`,
    });
  });
});

/** What a person can do wrong, with the code of its error and the exit code. */
const MISTAKES: readonly (readonly [words: string, error: string, exit: number])[] = [
  ['help policy publish', 'COMMAND_LINE_INVALID', 2],
  ['coverage --stack A --table B', 'COMMAND_LINE_INVALID', 2],
  ['tasks --limit 0', 'COMMAND_LINE_INVALID', 2],
  ['tail --kind answers', 'COMMAND_LINE_INVALID', 2],
  ['query', 'COMMAND_LINE_INVALID', 2],
  ['query --cancel', 'COMMAND_LINE_INVALID', 2],
  ['query abcdefghij --all', 'COMMAND_LINE_INVALID', 2],
  ['request x --detail {', 'COMMAND_LINE_INVALID', 2],
  ['secret rotate web --node-key', 'COMMAND_LINE_INVALID', 2],
  ['dlq show x', 'COMMAND_LINE_INVALID', 2],
  ['dlq redrive', 'COMMAND_LINE_INVALID', 2],
  ['host user-data', 'COMMAND_LINE_INVALID', 2],
  ['host ecs-daemon', 'COMMAND_LINE_INVALID', 2],
  ['host fargate-sidecar', 'COMMAND_LINE_INVALID', 2],
  ['host k8s-daemonset', 'COMMAND_LINE_INVALID', 2],
  ['host k8s-daemonset --node-name --attest --stack S', 'COMMAND_LINE_INVALID', 2],
  ['completion tcsh', 'COMMAND_LINE_INVALID', 2],
  ['cost --hosts -1', 'COMMAND_LINE_INVALID', 2],
  ['local --port x', 'COMMAND_LINE_INVALID', 2],
  ['local --listen localhost', 'COMMAND_LINE_INVALID', 2],
  ['host lint no-such-file', 'NOT_FOUND', 1],
  ['policy check no-such-folder', 'NOT_FOUND', 1],
  ['policy import no-such-file', 'NOT_FOUND', 1],
  ['policy import package.json --to no-such-folder', 'REFUSED', 1],
  ['policy import policy --to policy', 'REFUSED', 1],
  ['policy init policy', 'REFUSED', 1],
  ['policy test --policy policy no-such-file', 'NOT_FOUND', 1],
  ['policy test --policy policy lib', 'REFUSED', 1],
  ['policy test --policy policy README.md', 'REFUSED', 1],
  ['policy replay no-such-folder --policy policy', 'NOT_FOUND', 1],
  ['policy replay docs --policy policy', 'NOT_FOUND', 1],
  ['policy push -m x no-such-folder', 'NOT_FOUND', 1],
  ...[
    'coverage',
    'missed',
    'tasks',
    'task abcd1234',
    'nodes',
    'who 10.0.0.1',
    'mtta',
    'rows',
    'node show a',
    'node revoke a',
  ]
    .concat('policy show', 'policy history', 'policy rollback', 'policy drift', 'policy push -m x policy', 'queries')
    .concat('query SELECT+1 --all', 'query --resume abcdefghij', 'request x', 'tail', 'secret status')
    .concat('secret rotate --yes', 'secret retire', 'dlq list', 'dlq show a', 'dlq redrive --all')
    .concat('local put-events package.json', 'cost', 'policy test package.json')
    .map((words) => [`${words} --data no-such-folder`, 'NOT_RUNNING', 1] as const),
];

describe('a mistake', () => {
  it.each(MISTAKES)('"mayfly %s" has the code %s', async (words, error, exit) => {
    const { code, stdout, stderr } = await mayfly(...words.split(' ').map((word) => word.replace('+', ' ')), '--json');
    const last = stderr.trimEnd().split('\n').at(-1) ?? '';
    const { error: found } = JSON.parse(last);
    expect([code, stdout, found]).toEqual([
      exit,
      '',
      { code: error, message: expect.any(String), next: found.next === null ? null : expect.any(String) },
    ]);
  });
});

describe('MAYFLY_DEBUG', () => {
  it('prints the stack of an error too', async () => {
    const without = await mayfly('nodes', '--data', 'no-such-folder');
    process.env.MAYFLY_DEBUG = '1';
    const { stderr } = await mayfly('nodes', '--data', 'no-such-folder');
    expect(stderr.slice(0, without.stderr.length)).toBe(without.stderr);
    expect(stderr.slice(without.stderr.length)).toMatch(/^CommandError: no Mayfly has run in no-such-folder\n {4}at /);
  });
});

describe('MAYFLY_DATA', () => {
  it('is the data folder of a command that names none', () => {
    const env = { ...process.env, MAYFLY_DATA: 'another-folder', NODE_NO_WARNINGS: '1' };
    const { stderr } = spawnSync(process.execPath, ['bin/mayfly.js', 'nodes', '--json'], { env, encoding: 'utf8' });
    expect(JSON.parse(stderr).error).toMatchObject({
      message: 'no Mayfly has run in another-folder',
      next: expect.stringContaining('"npx mayfly local"'),
    });
  });
});

describe('MAYFLY_STACK', () => {
  const inAws = async () => {
    const { stderr } = await mayfly('nodes', '--json');
    return JSON.parse(stderr).error.message;
  };

  it('chooses the stack of a command that names no Mayfly', async () => {
    Object.assign(process.env, { MAYFLY_STACK: 'Prod', AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' });
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
    expect(await inAws()).toContain('ECONNREFUSED');
  });

  it('gives way to --data and to --table', async () => {
    process.env.MAYFLY_STACK = 'Prod';
    const { data } = await aMayfly();
    expect(await mayfly('nodes', '--data', data, '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    const table = await aTable();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_DYNAMODB: process.env.TEST_DYNAMODB_ENDPOINT,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    expect(await mayfly('nodes', '--table', table.name, '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it('does not stop a command that needs no Mayfly', async () => {
    process.env.MAYFLY_STACK = 'Prod';
    expect(await mayfly('policy', 'check', await aFolder())).toMatchObject({ code: 1 });
  });
});
