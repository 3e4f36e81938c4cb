import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ask, containerId, record, settled } from '../../support/a-question.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

let server: TlsHarness;
let agent: WireAgent;
let id: string;
beforeEach(async () => {
  server = await aTlsServer();
  agent = await anEnrolled(server, 'i-0abc');
  await settled(server, agent);
  await ask(server, 'i-0abc', { only: 'container' });
  id = Object.keys(await agent.poll())[0] ?? '';
});
afterEach(async () => {
  await server.close();
  expect(server.thrown).toEqual([]);
});
const write = (queries: Record<string, unknown>) => agent.send('/v1/distributed/write', { queries });
const aside = async (): Promise<unknown[]> =>
  (await server.lines('quarantine')).map(({ bodyBase64 = '' }) =>
    JSON.parse(Buffer.from(bodyBase64, 'base64').toString()),
  );

describe('an answer whose rows are not a list of objects', () => {
  it.each([
    ['an object', { 0: { id: 'x' } }],
    ['a number', 7],
    ['text', 'rows'],
    ['a list with a member that is not an object', [{ id: 'x' }, 5]],
    ['a list of lists', [[1]]],
    ['null', null],
    ['an empty text', ''],
  ])('goes to quarantine, and counts as failed: %s', async (_, rows) => {
    expect((await write({ [id]: rows })).verdict).toBe('ok');
    expect(await aside()).toEqual([{ queries: { [id]: rows } }]);
    expect((await record(server)).troubles).toEqual(['query-failed']);
  });

  it('blocks neither other answers in its body nor good rows that come later', async () => {
    await write({ [id]: { 0: 'x' }, other: [{ a: '1' }] });
    expect((await server.lines('results')).some(({ queryId }) => queryId === 'other')).toBe(true);
    await write({ [id]: [{ id: containerId(1), state: 'running' }] });
    expect((await record(server)).seenLive).toEqual([containerId(1)]);
  });

  it('is stored without the keys in it', async () => {
    await write({ [id]: agent.key });
    expect(JSON.stringify(await aside())).toContain('mf1.redacted');
    expect(JSON.stringify(await aside())).not.toContain(agent.key);
  });

  it.each([
    ['a status', { statuses: { ID: 0 } }],
    ['a message', { messages: { ID: 'done' } }],
  ])('goes to quarantine if its rows are missing: %s without rows', async (_, body) => {
    const sent: Record<string, unknown> = JSON.parse(JSON.stringify(body).replace('ID', id));
    expect((await agent.send('/v1/distributed/write', { queries: {}, ...sent })).verdict).toBe('ok');
    expect(await aside()).toEqual([{ queries: { [id]: null } }]);
    expect((await record(server)).troubles).toEqual(['query-failed']);
  });

  it.each([
    ['null', () => ({ [id]: null })],
    ['an empty text', () => ({ [id]: '' })],
    ['missing', () => ({})],
  ])('is an ordinary answer without quarantine if the query failed: %s', async (_, queries) => {
    const statuses = { [id]: 1 };
    expect((await agent.send('/v1/distributed/write', { queries: queries(), statuses })).verdict).toBe('ok');
    expect(await aside()).toEqual([]);
    expect((await record(server)).troubles).toEqual(['query-failed']);
    expect((await server.lines('results')).map(({ status }) => status)).toContain(1);
  });
});
