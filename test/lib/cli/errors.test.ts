import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aTable } from '../../support/dynamodb.ts';
import { restoreEnvironment } from '../../support/environment.ts';
import { aFolder, aMayfly, folderOf, mayfly } from './policy/harness.ts';

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
