import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type AlteredAssembly, anAlteredAssembly } from '../support/altered-assembly.ts';
import { theAssembly } from '../support/assembly.ts';
import { aFlakyDynamodb, type FlakyDynamodb } from '../support/flaky-dynamodb.ts';
import type { HttpAnswer } from '../support/https.ts';
import { aLocalServer, type LocalServer } from '../support/local-server.ts';
import { anEnrolled, heard, type WireAgent } from '../support/wire-agent.ts';

const START_MS = 120_000; // a bound for synthesis on a busy machine
const MiB = 1024 * 1024;

/** Whether a body is a failure to the agent on every endpoint, carving included. */
function expectFailsEverywhere(answer: HttpAnswer): void {
  expect(answer.text.trim()).not.toBe('');
  expect(() => JSON.parse(answer.text)).toThrow();
  expect(heard(answer).verdict).toBe('fail');
  expect(answer.status).toBeGreaterThanOrEqual(400);
}

/*
 * docs/spec/osquery-protocol.md §14 through the synthesized template, while parts of it fail: what the gateway itself says then.
 */
describe('the synthesized template, with failures', () => {
  describe('its function', () => {
    let assembly: AlteredAssembly;
    let server: LocalServer;
    beforeAll(async () => {
      assembly = await anAlteredAssembly({ code: '', timeoutSeconds: 1 });
      server = await aLocalServer({ assembly: assembly.folder });
    }, START_MS);
    afterAll(async () => {
      await server.close();
      assembly.remove();
    });

    /** Replaces the function's code. Ends the environment that has other code, if it lives. */
    const become = async (code: string): Promise<void> => {
      await server.post('/v1/enroll', {}, { headers: { 'X-End': 'yes' } });
      writeFileSync(assembly.codeFile, code);
    };
    const handler = (code: string): string =>
      `exports.handler = (event) => (event.headers['X-End'] ? process.exit(1) : (${code})());`;
    const ENDPOINTS = [
      '/v1/enroll',
      '/v1/config',
      '/v1/log',
      '/v1/distributed/read',
      '/v1/distributed/write',
      '/carve/continue',
    ];

    it.each([
      ['throws', handler('async () => { throw new Error("a bug"); }'), ['a bug']],
      ['cannot be loaded', 'throw new Error("no such module");', ['no such module']],
      ['is not JavaScript', '}{', [expect.stringMatching(/^Unexpected token/)]],
      ['ends its process', handler('async () => process.exit(1)'), ['Runtime exited with code 1']],
      ['returns nothing', handler('async () => undefined'), []],
      ['returns something that is not a response', handler('async () => ({ message: "hello" })'), []],
      ['never returns', handler('() => new Promise(() => {})'), ['Task timed out after 1.00 seconds']],
    ])('check 9: no agent loses data when a function %s', async (_, code, errors) => {
      await become(code);
      const before = server.notices.length;
      // One after the other if each ends the function.
      for (const path of ENDPOINTS.slice(code.includes('new Promise') ? -1 : 0)) {
        expectFailsEverywhere(await server.post(path, { node_key: 'mf1.x', data: [{}] }));
      }
      const notices = server.notices.slice(before);
      expect(notices.some(({ kind }) => kind === 'gateway-response')).toBe(true);
      const seen = new Set(notices.flatMap((notice) => (notice.kind === 'function-error' ? notice.message : [])));
      expect([...seen]).toEqual(errors);
    });
  });

  let throttled: LocalServer | undefined;
  afterAll(() => throttled?.close());
  it('check 9: no agent loses data by a throttled request, for any Accept header', async () => {
    throttled = await aLocalServer({ throttle: { ratePerSecond: 0, burst: 0 } });
    for (const Accept of ['application/json', 'text/plain', 'text/html', '*/*', '']) {
      const answer = await throttled.post('/v1/config', {}, { headers: { Accept } });
      expect(answer.status).toBe(429);
      expectFailsEverywhere(answer);
    }
  });

  it('check 9: no response of the gateway is empty or JSON, except the one for bodies that are too large', async () => {
    const { Resources } = JSON.parse(readFileSync(join(await theAssembly(), 'Mayfly.template.json'), 'utf8')) as {
      Resources: Record<
        string,
        { Type: string; Properties: { ResponseType: string; ResponseTemplates: Record<string, string> } }
      >;
    };
    const responses = Object.values(Resources).filter(({ Type }) => Type === 'AWS::ApiGateway::GatewayResponse');
    expect(responses.length).toBe(21);
    for (const { Properties } of responses) {
      const texts = Object.values(Properties.ResponseTemplates);
      expect(texts.length).toBeGreaterThan(0);
      for (const text of texts) {
        if (Properties.ResponseType === 'REQUEST_TOO_LARGE') expect(text).toBe('{}');
        else {
          expect(text.trim()).not.toBe('');
          expect(() => JSON.parse(text)).toThrow();
        }
      }
    }
  });

  describe('its table', () => {
    let dynamodb: FlakyDynamodb;
    let agent: WireAgent;
    let whole: LocalServer;
    let remove: () => void;
    beforeAll(async () => {
      dynamodb = await aFlakyDynamodb();
      const assembly = await anAlteredAssembly({ timeoutSeconds: 8 }); // short, but enough for a cold start on a busy machine
      remove = assembly.remove;
      whole = await aLocalServer({ assembly: assembly.folder, dynamodbEndpoint: dynamodb.endpoint });
      agent = await anEnrolled(whole, 'i-0abc');
    }, START_MS);
    afterEach(() => {
      dynamodb.mood = 'well';
    });
    afterAll(async () => {
      await whole.close();
      await dynamodb.close();
      remove();
    });

    const acts = () => [
      agent.config(),
      agent.read(),
      agent.log('result', [{ a: 1 }]),
      agent.write({ x: [{ a: '1' }] }),
      agent.enroll(),
    ];

    it('check 33: a body too large for the front is acknowledged, because it will never fit', async () => {
      for (const bytes of [11 * MiB, 5 * MiB]) {
        const reply = await agent.log('result', [{ text: 'x'.repeat(bytes) }]);
        expect([reply.status, reply.text, reply.verdict]).toEqual([413, '{}', 'ok']);
      }
      expect(await whole.lines('logs')).toEqual([]);
      // A batch within the shipped limits (256 lines of 16 KiB) is accepted.
      const full = Array.from({ length: 256 }, () => 'x'.repeat(16_384 - 2));
      expect((await agent.log('result', full)).verdict).toBe('ok');
      expect(await whole.lines('logs')).toHaveLength(256);
    });

    it('check 23: no configuration is sent and no key is lost when the table refuses', async () => {
      dynamodb.mood = 'refusing';
      for (const reply of await Promise.all(acts())) {
        expect([reply.status, reply.verdict, Object.keys(reply.json)]).toEqual([503, 'fail', ['error']]);
      }
      dynamodb.mood = 'well';
      expect((await agent.config()).json).toHaveProperty('schedule');
    });

    it('check 44: nothing is acknowledged when the table does not respond', async () => {
      dynamodb.mood = 'silent';
      for (const reply of await Promise.all(acts())) expectFailsEverywhere(reply.http);
      dynamodb.mood = 'well';
      const before = (await whole.lines('results')).length;
      expect((await agent.write({ later: [{ a: '1' }] })).verdict).toBe('ok');
      expect(await whole.lines('results')).toHaveLength(before + 1);
    });
  });
});
