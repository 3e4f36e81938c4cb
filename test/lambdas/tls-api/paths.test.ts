import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, heard, type WireAgent } from '../../support/wire-agent.ts';

type Endpoint = 'enroll' | 'config' | 'log' | 'read' | 'write';
const ENDPOINTS: readonly Endpoint[] = ['enroll', 'config', 'log', 'read', 'write'];

/** The path names of other servers: server → enroll, config, log, read, write. */
const SERVERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Mayfly: [['/v1/enroll'], ['/v1/config'], ['/v1/log'], ['/v1/distributed/read'], ['/v1/distributed/write']],
  Fleet: [
    ['/api/osquery/enroll'],
    ['/api/osquery/config'],
    ['/api/osquery/log'],
    ['/api/osquery/distributed/read'],
    ['/api/osquery/distributed/write'],
  ],
  'Fleet, older; osquery-perf': [
    ['/api/v1/osquery/enroll'],
    ['/api/v1/osquery/config'],
    ['/api/v1/osquery/log'],
    ['/api/v1/osquery/distributed/read'],
    ['/api/v1/osquery/distributed/write'],
  ],
  SGT: [['/node/enroll'], ['/node/configure'], [], ['/distributed/read'], ['/distributed/write']],
  osctrl: [['/{uuid}/enroll'], ['/{uuid}/config'], ['/{uuid}/log'], ['/{uuid}/read'], ['/{uuid}/write']],
  'osctrl, older': [
    ['/{env}/osquery_enroll'],
    ['/{env}/osquery_config'],
    ['/{env}/osquery_log'],
    ['/{env}/osquery_read'],
    ['/{env}/osquery_write'],
  ],
  Zentral: [
    ['/public/osquery/enroll'],
    ['/public/osquery/config'],
    ['/public/osquery/log'],
    ['/public/osquery/distributed/read'],
    ['/public/osquery/distributed/write'],
  ],
  'Zentral, legacy mount': [
    ['/osquery/enroll'],
    ['/osquery/config'],
    ['/osquery/log'],
    ['/osquery/distributed/read'],
    ['/osquery/distributed/write'],
  ],
  Doorman: [
    ['/enroll', '/v1/enroll'],
    ['/config', '/v1/config'],
    ['/log', '/v1/log'],
    ['/distributed/read', '/v1/distributed/read'],
    ['/distributed/write', '/v1/distributed/write'],
  ],
  Uptycs: [
    ['/agent/enroll'],
    ['/agent/config'],
    ['/agent/log'],
    ['/agent/distributed_read'],
    ['/agent/distributed_write'],
  ],
  'query-tls': [['/default/enroll'], [], ['/default/log'], [], []],
  "osquery's test server": [['/enroll'], ['/config'], ['/log'], ['/distributed_read'], ['/distributed_write']],
  goquery: [['/enroll'], ['/config'], ['/log'], ['/distributedRead'], ['/distributedWrite']],
  'mock-osquery-tls': [['/enroll'], ['/config'], ['/log', '/logger'], ['/read'], ['/write']],
  windmill: [['/api/enroll'], ['/api/config'], [], [], []],
};

const KNOWN = Object.values(SERVERS).flatMap((paths) =>
  paths.flatMap((alternatives, index) => alternatives.map((path) => [path, ENDPOINTS[index] ?? 'enroll'] as const)),
);
const CARVING = [
  '/api/osquery/carve/begin',
  '/api/v1/osquery/carve/block',
  '/carve/start',
  '/carve/continue',
  '/0b6f2b3c-0000-4000-8000-000000000000/init',
  '/0b6f2b3c-0000-4000-8000-000000000000/block',
  '/public/osquery/carver/start',
  '/public/osquery/carver/continue',
  '/carve_init',
  '/carve_block',
  '/dev/carver_init',
  '/dev/carver_block',
];

describe('paths', () => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeAll(async () => {
    server = await aTlsServer();
    agent = await anEnrolled(server, 'i-0abc');
    await agent.poll();
  });
  afterAll(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
  });

  /** The endpoint behind a path, identified by its effects. */
  async function endpointAt(path: string, method = 'POST'): Promise<Endpoint | 'none'> {
    const before = { results: (await server.lines('results')).length, logs: (await server.lines('logs')).length };
    const body = {
      ...agent.enrollBody(),
      node_key: agent.key,
      log_type: 'result',
      data: [{ path }],
      queries: { [`${method} ${path} ${before.results}`]: [{ path }] },
    };
    const { json, verdict } = heard(await server.post(path, body, { method }));
    if (verdict !== 'ok') return 'none';
    if ('node_key' in json) return 'enroll';
    if ('schedule' in json) return 'config';
    if ('queries' in json) return 'read';
    if ((await server.lines('logs')).length > before.logs) return 'log';
    return (await server.lines('results')).length > before.results ? 'write' : 'none';
  }

  const filled = (path: string): string =>
    path.replace('{uuid}', '0b6f2b3c-0000-4000-8000-000000000000').replace('{env}', 'dev');

  it.each([...new Map(KNOWN)])('%s means %s', async (path, endpoint) => {
    expect(await endpointAt(filled(path))).toBe(endpoint);
  });

  it.each([...new Map(KNOWN.filter(([path]) => path.split('/').length <= 3))])(
    '%s means %s under any prefix, with PUT, a trailing slash and a query string',
    async (path, endpoint) => {
      for (const variant of [
        `/prod${path}`,
        `/a/b/c${path}`,
        `${path}/`,
        `${path}?x=/v1/other`,
        `/prod//${path}//?a=b&c`,
      ]) {
        expect([variant, await endpointAt(filled(variant), 'PUT')]).toEqual([variant, endpoint]);
      }
    },
  );

  it.each([
    '/',
    '/v1',
    '/v1/enrolled',
    '/v1/ENROLL',
    '/v1/log/x',
    '/enroll/x',
    '/__proto__',
    '/v1/constructor',
    '/v1/config%2f',
    '/api/fleet/orbit/enroll',
    '/api/fleet/orbit/config',
    '/prod/api/fleet/orbit/config',
    '/api/osquery/yara/rule',
    '/osctrld-flags',
  ])('%s is unknown: an error without effects', async (path) => {
    const reply = heard(
      await server.post(path, { ...agent.enrollBody(), node_key: agent.key, data: [{}], queries: { x: [] } }),
    );
    expect([reply.verdict, Object.keys(reply.json)]).toEqual(['fail', ['error']]);
  });

  it.each(CARVING)('%s is rejected with text that is not JSON', async (path) => {
    for (const variant of [path, `/prod${path}/`]) {
      const reply = heard(await server.post(variant, { node_key: agent.key, carve_id: 'x', block_count: 1 }));
      expect(() => JSON.parse(reply.text)).toThrow();
      expect(reply.text.length).toBeGreaterThan(0);
    }
  });

  it.each(['GET', 'DELETE', 'PATCH', 'OPTIONS'])('%s is rejected with an error on every endpoint', async (method) => {
    for (const path of ['/v1/enroll', '/v1/config', '/v1/log', '/v1/distributed/read', '/v1/distributed/write']) {
      const reply = heard(await server.post(path, { ...agent.enrollBody(), node_key: agent.key }, { method }));
      expect([path, reply.verdict]).toEqual([path, 'fail']);
    }
  });

  it('are the ones on the reference page', () => {
    const page = readFileSync(join(process.cwd(), 'docs/reference/paths.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (.+?) \|(.*)\|$/gm)].slice(2).map(([, name = '', rest = '']) => {
      const cells = rest.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => path));
      return [name, cells] as const;
    });
    expect(Object.fromEntries(rows)).toEqual(SERVERS);
    const listed = [...page.matchAll(/`(?:…)?(\/[a-z_]+(?:\/[a-z]+)?)`/g)].map(([, path]) => path);
    expect(CARVING.filter((path) => !listed.some((end) => path.endsWith(String(end))))).toEqual([]);
  });
});
