import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Refusal } from '../../console/api.ts';
import { CommandError } from '../errors/command-error.ts';
import { Guard, type Refused, securityHeaders } from './guard.ts';

/** What the API answers: a document, or undefined for what does not exist. */
export type AnswerPath = (path: string, query: URLSearchParams, body: unknown) => Promise<unknown>;

interface ServerOptions {
  /** Folder of the bundled page. */
  readonly page: string;
  readonly answer: AnswerPath;
  /** 0 for any free one. */
  readonly port: number;
}

export interface ConsoleServer {
  /** An address that works once, to open in a browser. */
  link(): string;
  close(): Promise<void>;
}

const FILES: Readonly<Record<string, string>> = {
  '/page.js': 'text/javascript; charset=utf-8',
  '/page.css': 'text/css; charset=utf-8',
  '/icon.svg': 'image/svg+xml',
};
const HTML = 'text/html; charset=utf-8';
const MOST_BODY_BYTES = 256 * 1024;
/** The smallest document that is compressed, bytes. */
const GZIP_FROM_BYTES = 2048;

const WHY: Readonly<Record<Refused, string>> = {
  host: 'This console answers only as 127.0.0.1 or localhost.',
  origin: 'Another site sent this request.',
  session: 'Open the link that the command printed. It works once: press Enter there for another one.',
};

/** Serves the page and its API on 127.0.0.1. */
export async function serveConsole({ page, answer, port }: ServerOptions): Promise<ConsoleServer> {
  const server = createServer();
  const bound = await listening(server, port);
  const guard = new Guard(bound);
  const desk = new Desk(guard, page, answer);
  server.on('request', (request, response) => void desk.reply(request, response));
  return {
    link: () => `http://127.0.0.1:${bound}/?token=${guard.newToken()}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const listening = (server: Server, port: number): Promise<number> =>
  new Promise((done, fail) => {
    server.once('error', fail).listen(port, '127.0.0.1', () => {
      const address = server.address();
      done(typeof address === 'object' && address ? address.port : port);
    });
  });

class Desk {
  readonly #guard: Guard;
  readonly #page: string;
  readonly #answer: AnswerPath;

  constructor(guard: Guard, page: string, answer: AnswerPath) {
    this.#guard = guard;
    this.#page = page;
    this.#answer = answer;
  }

  async reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = randomBytes(16).toString('base64');
    for (const [name, value] of Object.entries(securityHeaders(nonce))) response.setHeader(name, value);
    try {
      await this.#route(request, response, nonce);
    } catch (error) {
      // A CommandError is the answer to a wrong request; anything else is a bug, or a failure of the table.
      const status = error instanceof CommandError ? 400 : 500;
      await send(request, response, { status, body: refusalOf(error) }).catch(() => response.destroy());
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, nonce: string): Promise<void> {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://console');
    const asked = { method, headers };
    const refusedAddress = this.#guard.refusesAddress(asked);
    if (refusedAddress) return refuse(request, response, refusedAddress);
    const token = url.pathname === '/' && method === 'GET' ? url.searchParams.get('token') : null;
    if (token !== null) return this.#letIn(token, request, response);
    const refused = this.#guard.refusesSession(asked);
    if (refused) return refuse(request, response, refused);
    if (url.pathname.startsWith('/api/')) return this.#api(url, request, response);
    const type = FILES[url.pathname];
    if (method === 'GET' && url.pathname === '/') {
      const html = await readFile(join(this.#page, 'index.html'), 'utf8');
      return send(request, response, { content: html.replaceAll('NONCE', nonce), type: HTML });
    }
    if (method !== 'GET' || !type)
      return send(request, response, { status: 404, body: { error: 'There is no such page.' } });
    return send(request, response, { content: await readFile(join(this.#page, url.pathname)), type });
  }

  /** Sends a page that reloads itself: along a redirect from another site, a browser would not send a strict cookie. */
  #letIn(token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cookie = this.#guard.exchange(token);
    if (cookie) response.setHeader('set-cookie', cookie);
    else if (this.#guard.refusesSession({ method: 'GET', headers: request.headers }))
      return refuse(request, response, 'session');
    const content = '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>Mayfly</title>';
    return send(request, response, { content, type: HTML });
  }

  async #api(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === 'POST' ? await bodyOf(request) : undefined;
    const found = await this.#answer(`${request.method} ${url.pathname.slice('/api/'.length)}`, url.searchParams, body);
    if (found === undefined)
      return send(request, response, { status: 404, body: { error: 'Mayfly does not know this.' } });
    return send(request, response, { body: found });
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, why: Refused): Promise<void> {
  const status = why === 'session' ? 401 : 403;
  if (request.url?.startsWith('/api/')) return send(request, response, { status, body: { error: WHY[why] } });
  return send(request, response, { status, content: `${WHY[why]}\n`, type: 'text/plain; charset=utf-8' });
}

function refusalOf(error: unknown): Refusal {
  const next = error instanceof CommandError && error.next ? `: ${error.next}` : '';
  return { error: (error instanceof Error ? error.message : String(error)) + next };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) throw new Error('The request is too large.');
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

/** A document that is sent as JSON, or content of another type. */
type Reply = { readonly status?: number } & (
  | { readonly body: unknown }
  | { readonly content: string | Buffer; readonly type: string }
);

async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const isJson = 'body' in reply;
  const bytes = Buffer.from(isJson ? JSON.stringify(reply.body) : reply.content);
  response.statusCode = reply.status ?? 200;
  response.setHeader('content-type', isJson ? 'application/json' : reply.type);
  const isSmall = bytes.length < GZIP_FROM_BYTES || !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!isSmall) response.setHeader('content-encoding', 'gzip');
  response.end(isSmall ? bytes : await promisify(gzip)(bytes, { level: 4 }));
}
