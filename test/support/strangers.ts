import { gzipSync } from 'node:zlib';
import { signNodeKey } from '../../lib/core/nodes/node-key.ts';
import type { TlsApiDeps } from '../../lib/core/osquery/deps.ts';
import { TlsApi } from '../../lib/core/osquery/tls-api.ts';
import { inForce, plainPolicy } from './plain-policy.ts';

const MiB = 1024 * 1024;

/** A request from a client without a valid key or secret. */
export interface StrangersRequest {
  readonly name: string;
  readonly path: string;
  readonly body: Buffer;
  readonly authorization?: string;
}

const PATHS = ['/enroll', '/config', '/log', '/distributed/read', '/distributed/write'];

const forged = signNodeKey({ host: 'i-0123456789abcdef0', epoch: 1_740_000_000 }, 'a guess');
const member = (key: string): string => `"node_key":"${key}"`;

/** 30 KB that expand to 10 million values and 2 GB of objects. */
const manyValuesPacked = (): Buffer => gzipSync(`[${'{},'.repeat(10_300_000)}{}]`, { level: 9 });

const bodies = (): Readonly<Record<string, Buffer>> => ({
  empty: Buffer.alloc(0),
  'an empty object': Buffer.from('{}'),
  'an empty key': Buffer.from(`{${member('')}}`),
  garbage: Buffer.alloc(MiB, 0xa7),
  'invalid UTF-8 in a document': Buffer.concat([Buffer.from(`{${member(forged)},"x":"`), Buffer.alloc(MiB, 0xff)]),
  'gzip of spaces': gzipSync(Buffer.alloc(80 * MiB, 0x20)),
  'gzip of many values': manyValuesPacked(),
  'gzip of a forged key and many values': gzipSync(`{${member(forged)},"data":[${'{},'.repeat(3_000_000)}{}]}`),
  'gzip that is none': Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(MiB, 0x55)]),
  'deep nesting': Buffer.from('['.repeat(4 * MiB)),
  'nesting that just fits': Buffer.from('{"a":['.repeat(10_000)),
  'many values': Buffer.from(`[${'{},'.repeat(MiB)}{}]`),
  'many values that just fit': Buffer.from(`[${'{},'.repeat(20_000)}{}]`),
  'many names': Buffer.from(`{${Array.from({ length: 5_000 }, (_, n) => `"n${n}":1`).join()}}`),
  'a long number': Buffer.from('1'.repeat(60_000)),
  'a long text': Buffer.from(JSON.stringify('x'.repeat(4 * MiB))),
  'a forged key': Buffer.from(`{${member(forged)}}`),
  'many forged keys': Buffer.from(`{${`${member(forged)},`.repeat(20_000)}"x":1}`),
  'half a forged key, over and over': Buffer.from('{"node_key":"mf1.a.'.repeat(100_000)),
  quotes: Buffer.from('"'.repeat(4 * MiB)),
  'an enrollment with a wrong secret': Buffer.from(
    JSON.stringify({
      enroll_secret: 'wrong',
      host_identifier: '\u{1F600}'.repeat(120),
      host_details: { system_info: Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`column_${n}`, 'x'])) },
    }),
  ),
});

const headers: Readonly<Record<string, string | undefined>> = {
  'no header': undefined,
  'a forged key in the header': `NodeKey ${forged}`,
  'a long header': `NodeKey mf1.${'a'.repeat(9_000)}`,
  'a header of spaces': `NodeKey${' '.repeat(9_000)}`,
};

/** Returns all combinations of endpoint, body and header. */
export function strangersRequests(): StrangersRequest[] {
  const made = Object.entries(bodies());
  return PATHS.flatMap((path) =>
    made.flatMap(([what, body]) =>
      Object.entries(headers).map(([how, authorization]) => ({
        name: `${path}: ${what}, ${how}`,
        path,
        body,
        authorization,
      })),
    ),
  );
}

/** A port that records every call and fails it. */
const watched = <T extends object>(name: string, calls: string[]): T =>
  new Proxy({} as T, {
    get: (_, method) => (): never => {
      calls.push(`${name}.${String(method)}`);
      throw new Error(`${name}.${String(method)} was called for a stranger`);
    },
  });

/** The API without any valid key. Records every call beyond the inspection of the request. */
export function aWatchedApi(report: TlsApiDeps['report']) {
  const calls: string[] = [];
  const secret = { values: async () => ['a secret', 'an older secret'], refreshed: async () => ['a secret'] };
  const api = new TlsApi({
    queue: watched('queue', calls),
    registry: watched('registry', calls),
    aliases: watched('aliases', calls),
    ledger: watched('ledger', calls),
    storedAnswers: watched('storedAnswers', calls),
    sink: watched('sink', calls),
    storedLogs: watched('storedLogs', calls),
    fleetIssues: watched('fleetIssues', calls),
    directory: watched('directory', calls),
    fanOuts: watched('fanOuts', calls),
    campaigns: watched('campaigns', calls),
    enrollSecrets: new Map([['default', secret]]),
    nodeKeySecret: secret,
    policy: inForce(plainPolicy),
    sweepEveryMs: 60_000,
    now: () => Date.parse('2025-03-01T12:00:00Z'),
    report,
  });
  return { api, calls };
}
