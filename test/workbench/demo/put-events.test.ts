import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newCredentials } from '../../../workbench/local-aws/access/credentials.ts';
import { EventBus } from '../../../workbench/local-aws/events/event-bus.ts';
import { LocalQueue } from '../../../workbench/local-aws/events/queues.ts';
import { folderOf, mayfly, RUNNING } from '../../support/command.ts';
import { fixture } from '../../support/fixtures.ts';
import { aFolder } from '../../support/folder.ts';
import { SCOPE, type Served, serve } from '../local-aws/serve.ts';
import { notices, VirtualClock } from '../local-aws/support.ts';

/** The data folder of a Mayfly whose bus is this server. */
const ready = ({ url: events, credentials }: Pick<Served, 'url' | 'credentials'>) =>
  folderOf({ 'ready.json': JSON.stringify({ events, credentials }) });

const AN_EVENT = { source: 'aws.ec2', 'detail-type': 'T', detail: {} };

describe('mayfly local put-events', () => {
  let queue: LocalQueue;
  let server: Served;
  beforeAll(async () => {
    const clock = new VirtualClock();
    const config = { name: 'q', arn: 'arn:q', visibilityTimeoutMs: 1000, retentionMs: 1e15, delayMs: 0 };
    queue = await LocalQueue.open(path.join(aFolder(), 'q'), config, clock, notices().notify);
    const matches = (event: unknown) => Object(event).source !== 'unwanted';
    server = await serve({}, new EventBus([{ bus: 'default', matches, targets: [queue] }], SCOPE, clock));
  });
  afterAll(async () => {
    await server.close();
    await queue.close();
  });

  const received = () => queue.receive(100).map(({ body }) => JSON.parse(body));
  const put = async (...args: string[]) => mayfly('local', 'put-events', '--data', await ready(server), ...args);
  const file = async (text: string) => path.join(await folderOf({ 'event.json': text }), 'event.json');

  it('puts events in EventBridge format, each with a new id', async () => {
    const event = fixture(5);
    expect(await put(RUNNING, RUNNING)).toMatchObject({ code: 0, stdout: '2 events accepted\n' });
    const [first, second] = received();
    expect(first).toEqual({ ...event, id: expect.any(String) });
    expect(new Set([event.id, first.id, second.id]).size).toBe(3);
  });

  it('reports events that no rule matches', async () => {
    const events = [{ ...AN_EVENT, source: 'unwanted' }, AN_EVENT];
    const { code, stdout } = await put(await file(JSON.stringify(events)));
    expect([code, stdout]).toEqual([
      0,
      '2 events accepted\nno rule of the stack matches unwanted · T (event.json): nothing comes of it\n',
    ]);
    expect(received()).toHaveLength(1);
  });

  it('moves their times to now on request', async () => {
    const beforeMs = Date.now();
    await put('--now', RUNNING);
    expect(Date.parse(received()[0].time)).toBeGreaterThan(beforeMs - 2000);
  });

  it.each([
    ['{', 'event.json: not JSON'],
    ['[]', 'event.json: it holds no event'],
    ['[5]', 'event.json: not an event'],
    [JSON.stringify({ ...AN_EVENT, source: 1 }), 'event: source: Invalid input: expected string, received number'],
    [JSON.stringify({ ...AN_EVENT, time: 'noon' }), 'event: time: Invalid ISO datetime'],
    [JSON.stringify([AN_EVENT, { source: 's', 'detail-type': 'd' }]), 'event (number 2): detail: Invalid input'],
  ])('refuses %s, and names the position of the mistake', async (text, message) => {
    const { code, stderr } = await put(await file(text));
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(received()).toEqual([]);
  });

  it('fails with the credential of another run', async () => {
    const data = await ready({ url: server.url, credentials: newCredentials() });
    const { code, stderr } = await mayfly('local', 'put-events', '--data', data, RUNNING);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the signature does not match')]);
    expect(received()).toEqual([]);
  });

  it('names a file that does not exist or is not a file', async () => {
    expect((await put('none.json')).stderr).toBe('mayfly: there is no file none.json\n');
    expect((await put('test')).stderr).toBe('mayfly: test is a folder: name the JSON files in it\n');
  });

  it.each(['http://127.0.0.1:1', 'nowhere'])('prints the next step when nothing answers at %s', async (endpoint) => {
    const { code, stderr } = await put(RUNNING, '--endpoint', endpoint);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`${endpoint} is not reachable: start Mayfly with "npm start`),
    ]);
  });
});
