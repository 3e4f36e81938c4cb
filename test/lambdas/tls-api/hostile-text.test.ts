import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aPolicyOf, aRule } from '../../support/a-rule.ts';
import { SCHEDULED } from '../../support/process-events.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, heard, WireAgent } from '../../support/wire-agent.ts';

let server: TlsHarness;
afterEach(async () => {
  expect(server.reports.filter(({ event }) => event === 'request_failed')).toEqual([]);
  await server.close();
});

const fromAddress = aRule('metadata', {
  log: { query: '*', columns: { remote_address: ['169.254.169.254'] }, action: ['added'] },
});
const aboutIds = aRule(
  'ids',
  { log: { query: '*', columns: { ids: [{ exists: true }] } } },
  {
    queries: [
      {
        name: 'containers',
        sql: 'SELECT id FROM docker_containers WHERE id IN (:ids)',
        bind: { ids: 'columns.ids' },
        evidence: { column: 'id' },
      },
    ],
  },
);
const aLine = (columns: Readonly<Record<string, unknown>>, name = SCHEDULED) => ({ name, action: 'added', columns });

describe('half of a surrogate pair', () => {
  const half = '\udfff'; // JSON.stringify writes it as an escape

  beforeEach(async () => {
    server = await aTlsServer(aPolicyOf([aRule('any-row', { log: { query: '*' } })]));
  });

  it.each(['os_version', 'osquery_info', 'system_info'])(
    'in the %s of an enrollment is read as U+FFFD',
    async (table) => {
      const agent = new WireAgent(server, 'h1');
      const text = `x${half}`;
      const row = {
        hostname: text,
        uuid: text,
        hardware_vendor: text,
        instance_id: text,
        version: text,
        platform: text,
      };
      const reply = await agent.enroll({ host_details: { [table]: { ...row, [half]: half } } });
      expect(reply.json).toEqual({ node_key: expect.any(String) });
      const identity = (await server.registry.find('h1', true))?.identity ?? {};
      expect(Object.values(identity)).toContain('x\uFFFD');
    },
  );

  it('in host_identifier and platform_type is read as U+FFFD', async () => {
    const agent = new WireAgent(server, `h${half}`);
    await agent.enroll({ platform_type: half });
    expect(agent.key).not.toBe('');
    expect((await agent.read()).verdict).toBe('ok');
  });

  it('is never created by truncating a long text', async () => {
    const agent = new WireAgent(server, 'h1', { hostname: `${'h'.repeat(99)}\u{1F600}` });
    expect((await agent.enroll()).json).toEqual({ node_key: expect.any(String) });
  });

  it('in rows, names and types of a log is stored, and the row queues its query', async () => {
    const agent = await anEnrolled(server, 'h1');
    expect((await agent.log('result', [aLine({ path: half, [half]: half }, `any${half}`)])).json).toEqual({});
    expect((await agent.log(`status${half}`, [{ message: half }])).json).toEqual({});
    const [row, status] = await server.lines('logs');
    expect(row?.line).toMatchObject({ name: 'any\uFFFD', columns: { path: '\uFFFD', '\uFFFD': '\uFFFD' } });
    expect(status?.logType).toBe('status\uFFFD');
    expect(Object.values(await agent.poll())).toEqual(['SELECT id, image FROM docker_containers']);
  });

  it('in answers is stored', async () => {
    const agent = await anEnrolled(server, 'h1');
    await agent.log('result', [aLine({})]);
    const [id = ''] = Object.keys(await agent.poll());
    const answers = { [id]: [{ id: half, [half]: half }], [`unknown${half}`]: [{ a: half }] };
    expect((await agent.write(answers, { messages: { [id]: half } })).json).toEqual({});
    expect((await server.lines('results')).map(({ columns }) => columns)).toEqual([
      { id: '\uFFFD', '\uFFFD': '\uFFFD' },
      { a: '\uFFFD' },
    ]);
  });

  it('in a body that is not a request is quarantined', async () => {
    const agent = await anEnrolled(server, 'h1');
    const headers = { Authorization: `NodeKey ${agent.key}` };
    expect(heard(await server.post('/v1/log', { data: half, log_type: half }, { headers })).json).toEqual({});
    expect(await server.lines('quarantine')).toHaveLength(1);
  });
});

describe('a value of a row', () => {
  it('that is long and looks like an address is compared quickly', async () => {
    server = await aTlsServer(aPolicyOf([fromAddress]));
    const agent = await anEnrolled(server, 'h1');
    const rows = [`${':'.repeat(1_000_000)}x`, '169.254.169.254'].map((address) => aLine({ remote_address: address }));
    expect((await agent.log('result', rows)).json).toEqual({});
    expect(Object.keys(await agent.poll())).toHaveLength(1);
  });

  it.each([
    ['safe', (n: number) => `id-${n}`],
    ['unsafe', (n: number) => `'${n}`],
  ])('that is a list of 130,000 %s ids is stored, queues nothing and is reported once', async (_, id) => {
    server = await aTlsServer(aPolicyOf([aboutIds]));
    const agent = await anEnrolled(server, 'h1');
    server.reports.length = 0;
    const ids = Array.from({ length: 130_000 }, (__, n) => id(n));
    expect((await agent.log('result', [aLine({ ids })])).json).toEqual({});
    expect(await server.lines('logs')).toHaveLength(1);
    expect(await agent.poll()).toEqual({});
    expect(server.reports).toEqual([
      { event: 'query_refused', fields: expect.objectContaining({ host: 'h1', rule: 'ids', problem: 'too-large' }) },
    ]);
  });
});
