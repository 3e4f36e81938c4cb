import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConsoleServer, serveConsole } from '../../../../lib/cli/console/server.ts';

let page: string;
let server: ConsoleServer;
let address: URL;
beforeAll(async () => {
  page = await mkdtemp(join(tmpdir(), 'mayfly-page-'));
  await writeFile(join(page, 'index.html'), '<script nonce="NONCE" src="/page.js"></script>');
  await writeFile(join(page, 'page.js'), '// the page');
  const answer = async (path: string, query: URLSearchParams, body: unknown) =>
    path === 'GET fails'
      ? Promise.reject(new Error('no table'))
      : path === 'GET nothing'
        ? undefined
        : { path, body, of: query.get('of') };
  server = await serveConsole({ page, answer, port: 0 });
  address = new URL(server.link());
});
afterAll(async () => {
  await server.close();
  await rm(page, { recursive: true });
});

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request with headers that a browser would not let a page choose. */
const send = (path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Reply> =>
  new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port: address.port, path, method, headers: { ...headers } }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      reply.on('end', () => done({ status: reply.statusCode ?? 0, headers: reply.headers, text }));
    });
    sent.on('error', fail).end(body);
  });

async function aSession(): Promise<{ cookie: string }> {
  const { search } = new URL(server.link());
  const { headers } = await send(`/${search}`);
  return { cookie: String(headers['set-cookie']).split(';')[0] ?? '' };
}

describe('the console', () => {
  it('exchanges the token of its link once, for a cookie that scripts and other sites cannot use', async () => {
    const { search } = new URL(server.link());
    const first = await send(`/${search}`);
    expect(first.status).toBe(200);
    expect(String(first.headers['set-cookie'])).toMatch(
      /^mayfly-console-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/,
    );
    const second = await send(`/${search}`);
    expect([second.status, second.headers['set-cookie']]).toEqual([401, undefined]);
    expect(second.text).toContain('It works once');
  });

  it('has one valid link: a new one replaces an unused one', async () => {
    const old = new URL(server.link()).search;
    const { search } = new URL(server.link());
    expect((await send(`/${old}`)).status).toBe(401);
    expect((await send(`/${search}`)).status).toBe(200);
  });

  it.each(['/', '/page.js', '/api/about'])('refuses %s without a session', async (path) => {
    expect((await send(path)).status).toBe(401);
    expect((await send(path, { cookie: `mayfly-console-${address.port}=x` })).status).toBe(401);
  });

  it('refuses a request that names another host, even with a session, as DNS rebinding would send', async () => {
    const session = await aSession();
    for (const host of [`attacker.example:${address.port}`, '127.0.0.1:1', 'localhost'])
      expect((await send('/api/about', { ...session, host })).status).toBe(403);
    expect((await send('/api/about', { ...session, host: `localhost:${address.port}` })).status).toBe(200);
  });

  it('refuses a POST of another origin, and one without an origin', async () => {
    const session = await aSession();
    const post = (headers: Record<string, string>) =>
      send('/api/lint', { ...session, ...headers }, 'POST', '{"sql":1}');
    expect((await post({})).status).toBe(403);
    expect((await post({ origin: 'http://127.0.0.1:1' })).status).toBe(403);
    const allowed = await post({ origin: `http://127.0.0.1:${address.port}` });
    expect([allowed.status, JSON.parse(allowed.text)]).toEqual([
      200,
      { path: 'POST lint', body: { sql: 1 }, of: null },
    ]);
  });

  it('refuses what a browser calls the request of another site or port', async () => {
    const session = await aSession();
    for (const site of ['cross-site', 'same-site'])
      expect((await send('/api/about', { ...session, 'sec-fetch-site': site })).status).toBe(403);
    expect((await send('/api/about', { ...session, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('allows its own scripts and styles alone, and keeps nothing in caches', async () => {
    const { headers, text } = await send('/', await aSession());
    const nonce = /nonce="([^"]+)"/.exec(text)?.[1];
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect((await send('/', await aSession())).text).not.toContain(String(nonce));
  });

  it('serves no other file, whatever the path', async () => {
    const session = await aSession();
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/index.html', '/page.js/..'])
      expect((await send(path, session)).text).not.toMatch(/"name"|NONCE/);
    expect((await send('/index.html', session)).status).toBe(404);
  });

  it('answers what does not exist, what fails, and what is too large', async () => {
    const session = await aSession();
    expect((await send('/api/nothing', session)).status).toBe(404);
    const failed = await send('/api/fails', session);
    expect([failed.status, failed.text]).toEqual([500, '{"error":"no table"}']);
    const origin = `http://127.0.0.1:${address.port}`;
    expect((await send('/api/lint', { ...session, origin }, 'POST', 'x'.repeat(300_000))).status).toBe(500);
  });
});
