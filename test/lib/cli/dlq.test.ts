import { afterEach, describe, expect, it } from '@jest/globals';
import { jsonLines } from '../../support/command.ts';
import { aMayflyWithQueues } from './mayfly-with-queues.ts';

let cared: Awaited<ReturnType<typeof aMayflyWithQueues>>;
afterEach(() => cared.close());

const TASK = {
  ...{ id: 'e-1', source: 'aws.ecs', 'detail-type': 'ECS Task State Change' },
  detail: { taskArn: 'arn:task', hostile: '\u001b[2J\u202e' },
};

const listed = async () => jsonLines((await cared.ask('dlq', 'list', '--json')).stdout)[0];

describe('mayfly dlq', () => {
  it('says that there are none', async () => {
    cared = await aMayflyWithQueues();
    expect((await cared.ask('dlq', 'list')).stdout).toContain('There are no dead letters at ');
    expect(await listed()).toEqual([]);
  });

  it('lists each letter with its event and the error that the log names, as often as it is asked', async () => {
    cared = await aMayflyWithQueues();
    const id = await cared.bury(TASK);
    const other = await cared.bury({ no: 'event' });
    const error = 'Error: boom\n    at handler';
    cared.log({ message: 'event_failed', timestamp: new Date().toISOString(), messageId: id, error });
    const report = {
      ...{ id, queue: 'EcsTaskState', sentAt: expect.any(String), receives: 1 },
      event: { id: 'e-1', source: 'aws.ecs', detailType: 'ECS Task State Change', about: 'arn:task' },
      failure: { kind: 'function', error },
    };
    const nothing = { id: null, source: null, detailType: null, about: null };
    expect(await listed()).toEqual([report, expect.objectContaining({ id: other, event: nothing, failure: null })]);
    expect(await listed()).toEqual([{ ...report, receives: 2 }, expect.objectContaining({ id: other })]);
    const { stdout } = await cared.ask('dlq', 'list');
    expect(stdout).toMatch(/ECS Task State Change, arn:task\n {4}Error: boom\n/);
    expect(stdout).toContain(`npx mayfly dlq redrive --all --data ${cared.data}`);
  });

  it('shows one by the start of its id, with the whole error and the event, escaped', async () => {
    cared = await aMayflyWithQueues();
    const id = await cared.bury(TASK);
    const { stdout } = await cared.ask('dlq', 'show', id.slice(0, 8));
    expect(stdout).toContain('"taskArn": "arn:task"');
    for (const character of ['\u001b', '\u202e']) expect(stdout).not.toContain(character);
    const [json] = jsonLines((await cared.ask('dlq', 'show', id, '--json')).stdout);
    expect(json).toMatchObject({ id, body: TASK });
    expect((await cared.ask('dlq', 'show', 'ffffffff-ffff')).stderr).toContain('no dead letter');
  });

  it('sends one back to its source, and leaves the others', async () => {
    cared = await aMayflyWithQueues();
    const id = await cared.bury(TASK);
    const other = await cared.bury({ another: 'one' });
    const [done] = jsonLines((await cared.ask('dlq', 'redrive', id.slice(0, 12), '--json')).stdout);
    expect(done).toEqual({ redriven: [id] });
    expect(cared.queue.receive(10).map(({ body }) => JSON.parse(body))).toEqual([TASK]);
    expect(await listed()).toMatchObject([{ id: other }]);
  });

  it('sends all back after confirmation, more than one call can carry', async () => {
    cared = await aMayflyWithQueues();
    for (let n = 0; n < 25; n += 1) await cared.bury({ n });
    expect((await cared.ask('dlq', 'redrive', '--all')).stderr).toContain('25 dead letters');
    expect(cared.queue.size).toBe(0);
    const { stdout } = await cared.ask('dlq', 'redrive', '--all', '--yes');
    expect(stdout).toBe('25 dead letters sent back.\n');
    expect([cared.queue.size, cared.dead.size]).toEqual([25, 0]);
  });

  it('sends each back to the queue that its message names, where several share the dead-letter queue', async () => {
    cared = await aMayflyWithQueues({ isShared: true });
    await cared.dead.send('{"n":1}', { sourceArn: 'other' });
    await cared.dead.send('{"n":2}', { sourceArn: 'queue' });
    await cared.dead.send('{"n":3}');
    expect(await listed()).toMatchObject([{ queue: 'Finding' }, { queue: 'EcsTaskState' }, { queue: null }]);
    expect((await cared.ask('dlq', 'redrive', '--all', '--queue', 'Finding', '--yes')).stdout).toContain(
      '1 dead letter',
    );
    expect([cared.other.size, cared.queue.size, cared.dead.size]).toEqual([1, 0, 2]);
    const all = await cared.ask('dlq', 'redrive', '--all', '--yes');
    expect([all.code, all.stderr]).toEqual([1, expect.stringContaining('does not say which queue it came from')]);
    expect([cared.queue.size, cared.dead.size]).toEqual([1, 1]);
  });

  it('wants to know which ones', async () => {
    cared = await aMayflyWithQueues();
    expect(await cared.ask('dlq', 'redrive')).toMatchObject({ code: 2 });
    expect(await cared.ask('dlq', 'redrive', 'abc', '--all')).toMatchObject({ code: 2 });
    const unknown = await cared.ask('dlq', 'redrive', '--all', '--queue', 'Nope', '--yes');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('there are EcsTaskState')]);
  });
});
