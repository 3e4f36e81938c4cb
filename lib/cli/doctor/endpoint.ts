import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { TLSSocket } from 'node:tls';
import { parseJson } from '../../core/text.ts';
import type { Parts } from '../deployment/parts.ts';
import { count } from '../terminal/print.ts';
import { type Check, checksOf } from './check.ts';

/** The endpoint's reply to an enroll request with a wrong secret. */
export interface EndpointAnswer {
  readonly status: number;
  readonly body: string;
  /** The server's `Date`, epoch ms; NaN without one. */
  readonly serverMs: number;
  /** When its certificate expires, epoch ms. */
  readonly expiresAtMs: number;
}

/** The address of the enroll endpoint. */
export interface Endpoint {
  readonly url: string;
  /** The file of the certificate to trust. @default - the public authorities */
  readonly certificate?: string;
}

export const endpointOf = (
  { names }: Parts,
  local?: { readonly url: string; readonly certificate: string },
): Endpoint =>
  local
    ? { url: `${local.url}/enroll`, certificate: local.certificate }
    : { url: `https://${names.hostname}${names.pathPrefix ?? ''}/enroll` };

const TIMEOUT_MS = 15_000;
const MAX_BODY_BYTES = 64 * 1024;
/** A secret that is certainly wrong, because Mayfly generates none with a space. */
const WRONG = { enroll_secret: 'wrong on purpose', host_identifier: 'mayfly-doctor' };

/** Sends one enroll request with a wrong secret. @throws Node's error of the connection */
export async function knock({ url, certificate }: Endpoint): Promise<EndpointAnswer> {
  const ca = certificate === undefined ? undefined : await readFile(certificate, 'utf8');
  const body = JSON.stringify(WRONG);
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const outgoing = request(url, { method: 'POST', ca, agent: false, headers, timeout: TIMEOUT_MS }, (incoming) => {
      const { socket } = incoming;
      const expires = socket instanceof TLSSocket ? socket.getPeerCertificate().valid_to : '';
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_BODY_BYTES) incoming.destroy(new Error('its answer is too long'));
      });
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          body: text,
          serverMs: Date.parse(incoming.headers.date ?? ''),
          expiresAtMs: Date.parse(expires),
        }),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const DAY_MS = 86_400_000;
/** ACM renews certificates 60 days before they expire. If less time is left, the renewal fails. */
const RENEWED_BY_DAYS = 30;
/** AWS refuses signatures that are five minutes off. */
const CLOCK_FAIL_MS = 5 * 60_000;
const CLOCK_WARN_MS = 30_000;

/** Checks path, certificate and clock from the endpoint's reply. */
export function judgeEndpoint(answer: EndpointAnswer, { url }: Endpoint, nowMs: number): Check[] {
  return [judgePath(answer, url), judgeCertificate(answer, url, nowMs), judgeClock(answer, nowMs)];
}

function judgePath({ status, body }: EndpointAnswer, url: string): Check {
  const { ok, fail } = checksOf('path');
  const error = errorIn(body);
  if (status === 200 && error !== undefined && !/node_key/.test(body))
    return ok(`${url} reaches Mayfly, which refuses a wrong enroll secret`);
  if (/"node_key"/.test(body)) return fail(`${url} accepted a wrong enroll secret`, 'check that this is your Mayfly');
  if (status === 503) return fail(`${url} answered 503`, 'see "Server errors" in docs/runbook.md');
  return fail(
    `${url} answered ${status}, not as Mayfly does`,
    'compare --tls_hostname and the endpoints of the flagfile with "npx mayfly host flags"',
  );
}

function errorIn(body: string): string | undefined {
  try {
    const { error } = Object(parseJson(body));
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

function judgeCertificate({ expiresAtMs }: EndpointAnswer, url: string, nowMs: number): Check {
  const { ok, warn, fail } = checksOf('certificate');
  const next = `renew the certificate of ${new URL(url).host}; ACM renews its own if their DNS records stand`;
  if (Number.isNaN(expiresAtMs)) return warn('the certificate names no end', next);
  const days = Math.floor((expiresAtMs - nowMs) / DAY_MS);
  if (days < 0) return fail(`the certificate expired ${count(-days, 'day')} ago`, next);
  const until = `the certificate is valid for ${count(days, 'day')}`;
  return days < RENEWED_BY_DAYS ? warn(until, next) : ok(until);
}

function judgeClock({ serverMs }: EndpointAnswer, nowMs: number): Check {
  const { ok, warn, fail } = checksOf('clock');
  const next = 'set the clock of this machine: timedatectl set-ntp true';
  if (Number.isNaN(serverMs)) return warn('the endpoint sends no Date', 'check what is between here and Mayfly');
  const offMs = nowMs - serverMs;
  const off = `this clock is ${Math.round(Math.abs(offMs) / 1000)} s ${offMs < 0 ? 'behind' : 'ahead of'} the server's`;
  if (Math.abs(offMs) >= CLOCK_FAIL_MS) return fail(off, next);
  return Math.abs(offMs) >= CLOCK_WARN_MS ? warn(off, next) : ok("this clock agrees with the server's");
}
