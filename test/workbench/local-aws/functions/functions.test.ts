import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { environmentsFor, LocalFunction } from '../../../../workbench/local-aws/functions/functions.ts';
import type { FunctionConfig, Invocation } from '../../../../workbench/local-aws/functions/invocation.ts';
import { aFolder } from '../../../support/folder.ts';
import { aBundle, notices, until } from '../support.ts';

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
    concurrency: 4,
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

  it('runs the same bundle in a later environment, with what an earlier one compiled', async () => {
    const unique = randomUUID(); // no run before this one has compiled it
    const code = `exports.handler = async () => ({ unique: '${unique}', late: typeof (await import('node:fs')).readFileSync })`;
    for (let i = 0; i < 3; i++) {
      const { fn } = aFunction(code);
      expect(payloadOf(await fn.invoke('{}'))).toEqual({ unique, late: 'function' });
      await fn.invoke('{}'); // what the first invocation compiled is kept by now
    }
  });

  it.each<[string, Record<string, string>]>([
    ['an .mjs file', { 'index.js': '', 'app.mjs': 'export const handler = () => "module"' }],
    [
      'its own package.json',
      { 'app.js': 'export const handler = () => "module"', 'package.json': '{"type":"module"}' },
    ],
  ])('may be an ES module by %s', async (_, files) => {
    const { fn } = aFunction('', { files, handler: 'app.handler' });
    expect(payloadOf(await fn.invoke('{}'))).toBe('module');
  });

  it("sees its own environment and none of the runner's", async () => {
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

  it('keeps its state between invocations, in one environment while one is enough', async () => {
    const { fn } = aFunction('let count = 0; exports.handler = () => ++count');
    const first = await fn.invoke('{}');
    const others = await Promise.all([fn.invoke('{}'), fn.invoke('{}')]); // the last one waits for less time than a start takes
    expect([first, ...others].map(payloadOf)).toEqual([1, 2, 3]);
  });

  it('returns null if the handler returns nothing', async () => {
    const { fn } = aFunction('exports.handler = async () => {}');
    expect(await fn.invoke('{}')).toEqual({ ok: true, payload: 'null' });
  });

  it('reports errors, with the stack in its log and not on the terminal', async () => {
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
      'throws outside its promise',
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
    ['returns a value that has no JSON', 'exports.handler = () => 1n', 'TypeError', /BigInt/],
    [
      'returns more than 6 MB',
      'exports.handler = () => "x".repeat(6 * 1024 * 1024)',
      'Function.ResponseSizeTooLarge',
      /exceeded maximum/,
    ],
    ['cannot be loaded', 'require("./missing")', 'Error', /Cannot find module/],
    ['has a syntax error', 'exports.handler = (', 'SyntaxError', /Unexpected/],
    ['has no handler', 'exports.other = 1', 'Error', /index.handler is undefined or not exported/],
  ])('fails the invocation when it %s', async (_, code, errorType, message) => {
    const { fn } = aFunction(code);
    expect(await fn.invoke('{}')).toEqual({ ok: false, errorType, message: expect.stringMatching(message) });
  });

  it('restarts after a crash, which fails no other invocation', async () => {
    const { fn } = aFunction(HELD);
    const waiting = fn.invoke(held());
    expect(await fn.invoke('{"crash":true}')).toMatchObject({ ok: false, errorType: 'Runtime.ExitError' });
    release();
    expect(payloadOf(await waiting)).toBe(1);
    expect(payloadOf(await fn.invoke('{}'))).toBe(2); // in the remaining environment
  });

  it('is ended at its timeout even if it blocks its thread, and restarts', async () => {
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

  it('has its configured memory; exceeding it affects no other invocation', async () => {
    const { fn } = aFunction(
      'let count = 0; exports.handler = ({ greedy }) => { const kept = []; while (greedy) kept.push({ n: count++ }); return ++count; }',
      { memoryMb: 32 },
    );
    const [greedy, modest] = await Promise.all([fn.invoke('{"greedy":true}'), fn.invoke('{}')]);
    expect(greedy).toMatchObject({ ok: false, errorType: 'Runtime.OutOfMemory' });
    expect(payloadOf(modest)).toBe(1);
  });

  it('refuses invocations once it is closed', async () => {
    const { fn } = aFunction('exports.handler = () => new Promise(() => {})');
    const waiting = fn.invoke('{}');
    await fn.close();
    expect(await waiting).toMatchObject({ ok: false, errorType: 'Runtime.Closed' });
    expect(await fn.invoke('{}')).toMatchObject({ ok: false, errorType: 'Runtime.Closed' });
  });
});

/** Returns a running number once the file that the event names exists. Fails if it is called in between. Notes each such begin. */
const HELD = `
  const { appendFileSync, existsSync } = require('node:fs');
  let [count, active] = [0, 0];
  exports.handler = async ({ crash, until, takesMs }) => {
    if (crash) process.exit(1);
    if (active++ > 0) throw new Error('two invocations at once');
    if (until) appendFileSync(until + '.begun', '1');
    while (until && !existsSync(until)) await new Promise((done) => setTimeout(done, 2));
    if (takesMs) await new Promise((done) => setTimeout(done, takesMs));
    active--;
    return ++count;
  };
`;

let gate = '';
/** An event whose invocation waits for `release()`. */
const held = () => JSON.stringify({ until: gate });
const release = () => writeFileSync(gate, '');
/** How many held invocations have begun. */
const begun = () => (existsSync(`${gate}.begun`) ? readFileSync(`${gate}.begun`).length : 0);
beforeEach(() => {
  gate = path.join(aFolder(), 'gate');
});

describe('under load, a function', () => {
  it('runs one invocation at a time in each environment, and at most its concurrency at once', async () => {
    const { fn } = aFunction(HELD, { concurrency: 2 });
    const results = Promise.all(Array.from({ length: 6 }, () => fn.invoke(held())));
    await until(() => begun() === 2); // the second environment starts when the others have waited for a while
    release();
    const counts = (await results).map(payloadOf);
    expect(counts.filter((count) => count === 1)).toHaveLength(2); // each environment counts separately
    expect(counts.every((count) => typeof count === 'number')).toBe(true);
  });

  it('throttles invocations beyond its environments and its queue, and continues', async () => {
    const { fn, seen } = aFunction(HELD, { concurrency: 1 });
    const accepted = Array.from({ length: 1 + 512 }, () => fn.invoke(held()));
    expect(await fn.invoke('{}')).toMatchObject({ ok: false, errorType: 'TooManyRequestsException' });
    release();
    expect((await Promise.all(accepted)).map(payloadOf)).toEqual(accepted.map((_, index) => index + 1));
    expect(payloadOf(await fn.invoke('{}'))).toBe(accepted.length + 1);
    expect(seen).toEqual([]);
  });

  it('throttles invocations that would wait longer than an agent, so that no queue of slow ones grows', async () => {
    const { fn } = aFunction(HELD, { concurrency: 1, timeoutSeconds: 60 });
    const slow = Array.from({ length: 60 }, () => fn.invoke('{"takesMs":400}'));
    await slow[10]; // by now the average is over 250 ms: 10 s are 40 of them
    expect(await fn.invoke('{}')).toMatchObject({ ok: false, errorType: 'TooManyRequestsException' });
    await fn.close();
    await Promise.all(slow);
  });

  it('never runs an invocation that was given up while it waited', async () => {
    const { fn } = aFunction(HELD, { concurrency: 1 });
    const running = fn.invoke(held());
    const client = new AbortController();
    const abandoned = fn.invoke('{}', client.signal);
    client.abort();
    expect(await abandoned).toMatchObject({ ok: false });
    release();
    expect(payloadOf(await running)).toBe(1);
    expect(payloadOf(await fn.invoke('{}'))).toBe(2);
  });

  it('counts the timeout from the start of an invocation, not from its arrival', async () => {
    const { fn } = aFunction('exports.handler = () => new Promise((done) => setTimeout(done, 150, "done"))', {
      concurrency: 1,
      timeoutSeconds: 1,
    });
    const results = await Promise.all(Array.from({ length: 10 }, () => fn.invoke('{}')));
    expect(results.map(payloadOf)).toEqual(Array(10).fill('done')); // the last of them starts after 1.35 s
  });

  it('ends only the environment that exceeded its timeout', async () => {
    const { fn } = aFunction(HELD, { concurrency: 2, timeoutSeconds: 0.5 });
    const late = fn.invoke(held());
    expect([payloadOf(await fn.invoke('{}')), payloadOf(await fn.invoke('{}'))]).toEqual([1, 2]);
    expect(await late).toMatchObject({ ok: false, errorType: 'Sandbox.Timedout' });
    expect(payloadOf(await fn.invoke('{}'))).toBe(3);
  });

  it('replaces an environment that ended while it was idle', async () => {
    const { fn, seen } = aFunction(
      'exports.handler = (event) => { if (event.doomed) setImmediate(() => process.exit(0)); return "fine"; }',
    );
    expect(payloadOf(await fn.invoke('{"doomed":true}'))).toBe('fine');
    expect(await until(async () => (await fn.invoke('{}')).ok)).toBe(true);
    expect(seen.length).toBeLessThanOrEqual(1); // at most the invocation that was under way when the environment ended
  });
});

describe('the environments of a function', () => {
  it.each([
    ['two cores and plenty of memory', { cores: 2, memoryMb: 24_000 }, 9, 4],
    ['many cores, by memory', { cores: 64, memoryMb: 16_000 }, 10, 6],
    ['a small machine', { cores: 1, memoryMb: 1000 }, 9, 1],
  ])('are bounded: %s', (_, machine, functions, expected) => {
    expect(environmentsFor(machine, functions)).toBe(expected);
  });
});
