import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type FunctionConfig, type Invocation, LocalFunction } from '../../../lib/local/functions.ts';
import { aBundle, aFolder, notices, until } from './support.ts';

const open: LocalFunction[] = [];
afterEach(async () => {
  for (const fn of open.splice(0)) await fn.close();
});

function aFunction(code: string, given: Partial<FunctionConfig> & { files?: Record<string, string> } = {}) {
  const { seen, notify } = notices();
  const config: FunctionConfig = {
    name: 'my-function',
    arn: 'arn:aws:lambda:us-east-1:0:function:my-function',
    folder: aBundle(code, given.files),
    handler: 'index.handler',
    environment: { GREETING: 'hello' },
    timeoutSeconds: 10,
    memoryMb: 256,
    logFile: path.join(aFolder(), 'function.log'),
    ...given,
  };
  const fn = new LocalFunction(config, notify);
  open.push(fn);
  return { fn, config, seen };
}

const payloadOf = (result: Invocation) => (result.ok ? JSON.parse(result.payload) : result);

describe('a function', () => {
  it('runs its CommonJS bundle as Lambda does, inside a package of ES modules', async () => {
    const { fn } = aFunction(`
      const { sep } = require('node:path');
      exports.handler = async (event) => ({ sep, twice: event.n * 2, file: __filename.endsWith('index.js'), late: typeof (await import('node:fs')).readFileSync });
    `);
    expect(payloadOf(await fn.invoke('{"n":21}'))).toEqual({ sep: path.sep, twice: 42, file: true, late: 'function' });
  });

  it.each<[string, Record<string, string>]>([
    ['an .mjs file', { 'index.js': '', 'app.mjs': 'export const handler = () => "module"' }],
    [
      'a package.json of its own',
      { 'app.js': 'export const handler = () => "module"', 'package.json': '{"type":"module"}' },
    ],
  ])('may be an ES module by %s', async (_, files) => {
    const { fn } = aFunction('', { files, handler: 'app.handler' });
    expect(payloadOf(await fn.invoke('{}'))).toBe('module');
  });

  it('sees its own environment and nothing of ours', async () => {
    process.env.MAYFLY_SECRET_OF_THE_OPERATOR = 'x';
    const { fn } = aFunction('exports.handler = () => process.env');
    expect(payloadOf(await fn.invoke('{}'))).toEqual({ GREETING: 'hello' });
    delete process.env.MAYFLY_SECRET_OF_THE_OPERATOR;
  });

  it("gets Lambda's context", async () => {
    const { fn } = aFunction(`
      exports.handler = async (event, context) => ({ ...context, remaining: context.getRemainingTimeInMillis() });
    `);
    const [first, second] = [payloadOf(await fn.invoke('{}')), payloadOf(await fn.invoke('{}'))];
    expect(first).toMatchObject({
      functionName: 'my-function',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:0:function:my-function',
      memoryLimitInMB: '256',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(first.remaining).toBeGreaterThan(9000);
    expect(first.remaining).toBeLessThanOrEqual(10_000);
    expect(second.awsRequestId).not.toBe(first.awsRequestId);
  });

  it('keeps its state between invocations and serves several at once', async () => {
    const { fn } = aFunction(`
      let waiting = [];
      exports.handler = (event) => new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === event.of) for (const done of waiting) done(waiting.length);
      });
    `);
    const results = await Promise.all([1, 2, 3].map(() => fn.invoke('{"of":3}')));
    expect(results.map(payloadOf)).toEqual([3, 3, 3]);
  });

  it('answers null for nothing', async () => {
    const { fn } = aFunction('exports.handler = async () => {}');
    expect(await fn.invoke('{}')).toEqual({ ok: true, payload: 'null' });
  });

  it('reports what it throws, with the stack in its log and not on the terminal', async () => {
    const { fn, seen, config } = aFunction(`
      exports.handler = async () => { console.log('to the log'); throw new TypeError('not a task'); };
    `);
    expect(await fn.invoke('{}')).toEqual({ ok: false, errorType: 'TypeError', message: 'not a task' });
    expect(seen).toEqual([
      { kind: 'function-error', function: 'my-function', errorType: 'TypeError', message: 'not a task' },
    ]);
    await until(() => /to the log\n(.*\n)*TypeError: not a task\n {4}at /.test(readFileSync(config.logFile, 'utf8')));
  });

  it.each<[string, string, string, RegExp]>([
    ['exits', 'exports.handler = () => process.exit(3)', 'Runtime.ExitError', /code 3/],
    [
      'crashes outside of its promise',
      'exports.handler = () => new Promise(() => setImmediate(() => { throw new RangeError("late") }))',
      'RangeError',
      /late/,
    ],
    [
      'leaves a rejection unhandled',
      'exports.handler = () => new Promise(() => { Promise.reject(new RangeError("lost")) })',
      'RangeError',
      /lost/,
    ],
    ['answers what is no JSON', 'exports.handler = () => 1n', 'TypeError', /BigInt/],
    [
      'answers more than 6 MB',
      'exports.handler = () => "x".repeat(6 * 1024 * 1024)',
      'Function.ResponseSizeTooLarge',
      /exceeded maximum/,
    ],
    ['cannot be loaded', 'require("./missing")', 'Error', /Cannot find module/],
    ['does not parse', 'exports.handler = (', 'SyntaxError', /Unexpected/],
    ['lacks its handler', 'exports.other = 1', 'Error', /index.handler is undefined or not exported/],
  ])('fails the invocation when it %s', async (_, code, errorType, message) => {
    const { fn } = aFunction(code);
    expect(await fn.invoke('{}')).toEqual({ ok: false, errorType, message: expect.stringMatching(message) });
  });

  it('is started again after a crash, which fails all that was in flight', async () => {
    const { fn } = aFunction(`
      let count = 0;
      exports.handler = (event) => event.crash ? process.exit(1) : event.wait ? new Promise(() => {}) : ++count;
    `);
    expect(payloadOf(await fn.invoke('{}'))).toBe(1);
    const waiting = fn.invoke('{"wait":true}');
    expect(await fn.invoke('{"crash":true}')).toMatchObject({ ok: false, errorType: 'Runtime.ExitError' });
    expect(await waiting).toMatchObject({ ok: false, errorType: 'Runtime.ExitError' });
    expect(payloadOf(await fn.invoke('{}'))).toBe(1);
  });

  it('is ended at its timeout even if it never lets go of its thread, and started again', async () => {
    const { fn } = aFunction(
      'let count = 0; exports.handler = (event) => { count++; while (event.spin); return count; }',
      { timeoutSeconds: 0.2 },
    );
    expect(await fn.invoke('{"spin":true}')).toEqual({
      ok: false,
      errorType: 'Sandbox.Timedout',
      message: 'Task timed out after 0.20 seconds',
    });
    expect(payloadOf(await fn.invoke('{}'))).toBe(1);
  });

  it('refuses invocations once it is closed', async () => {
    const { fn } = aFunction('exports.handler = () => new Promise(() => {})');
    const waiting = fn.invoke('{}');
    await fn.close();
    expect(await waiting).toMatchObject({ ok: false, errorType: 'Runtime.Closed' });
    expect(await fn.invoke('{}')).toMatchObject({ ok: false, errorType: 'Runtime.Closed' });
  });
});
