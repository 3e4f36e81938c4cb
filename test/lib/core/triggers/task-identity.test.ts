import { beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoLedgerIndex } from '../../../../lib/aws/ledger/ledger-index.ts';
import { whoHad } from '../../../../lib/core/ledger/who-had.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { fixture } from '../../../support/fixtures.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE } from '../../../support/times.ts';

const HOST = 'i-0a1b2c3d4e5f60718';
const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const IP = '10.0.12.34';

let world: TableWorld;
beforeEach(async () => {
  world = await TableWorld.begin();
  await arrives(15);
});
async function arrives(number: number, detail: Record<string, unknown> = {}): Promise<void> {
  const event = fixture(number, detail);
  world.nowMs = Math.max(world.nowMs, Date.parse(event.time));
  await world.take(event);
}
const had = async (at: string, ip = IP) => {
  const tenants = await new DynamoLedgerIndex(world.table).tenants(ip, Date.parse(at));
  return whoHad(tenants, Date.parse(at), world.nowMs).had.map(({ record }) => record.workload);
};
const anInstance = async (identity: Record<string, string>, instance = HOST) => {
  const { ledger } = world.ports;
  await ledger.advance(aSnapshot(0, { workload: instance, kind: 'ec2-instance', identity: { instance_id: instance } }));
  await ledger.addIdentity(instance, identity, {});
};

describe("a task's addresses", () => {
  it('are recorded from when its network was ready until it stopped, even without an event about its start', async () => {
    await arrives(7); // its STOPPED, of 10:42:29, says when images were pulled
    await arrives(5); // arrives too late
    expect(await had('2026-11-20T10:30:00Z')).toEqual([TASK]);
    expect(await had('2026-11-20T10:42:28Z')).toEqual([TASK]);
    expect(await had('2026-11-20T10:42:29Z')).toEqual([]);
    expect(await had('2026-11-20T10:14:00Z')).toEqual([]);
  });

  it('are recorded from the first event with them, if the task was known before', async () => {
    const attachments: unknown[] = [];
    const containers = [{ name: 'api', lastStatus: 'PENDING' }];
    await arrives(2, { pullStartedAt: undefined, attachments, containers });
    expect(await had('2026-11-20T10:15:20Z')).toEqual([]);
    await arrives(5, { pullStartedAt: undefined });
    expect(await had('2026-11-20T10:15:26Z')).toEqual([]);
    expect(await had('2026-11-20T10:15:27Z')).toEqual([TASK]);
  });

  it('are read from its attachment alone, and kept if its last event omits them', async () => {
    const containers = (fixture(5).detail.containers as object[]).map((one) => ({ ...one, networkInterfaces: [] }));
    await arrives(5, { containers });
    await arrives(7, { containers: [], attachments: [] });
    expect((await world.record(TASK)).identity).toMatchObject({
      ip: IP,
      mac: expect.any(String),
      eni: expect.stringMatching(/^eni-/),
      subnet: expect.stringMatching(/^subnet-/),
    });
    expect(await had('2026-11-20T10:30:00Z')).toEqual([TASK]);
  });

  it('are written once, and once more at the end of a long-running task', async () => {
    const { ledger } = world.ports;
    let writes = 0;
    const indexAddresses = ledger.indexAddresses.bind(ledger);
    ledger.indexAddresses = async (record, addressesSince) => {
      writes += 1;
      await indexAddresses(record, addressesSince);
    };
    for (const number of [5, 8]) await arrives(number);
    expect(writes).toBe(1);
    world.nowMs += 40 * 24 * 60 * MINUTE;
    await arrives(7);
    expect(writes).toBe(2);
  });
});

describe('the instance of a task', () => {
  it('is recorded as it was when the queries were queued', async () => {
    await anInstance({ image_id: 'ami-1', instance_type: 'm7g.large', 'tag:team': 'search', 'tag:Name': 'web' });
    await arrives(5);
    await world.ports.ledger.addIdentity(HOST, { image_id: 'ami-1', 'tag:team': 'other' }, {});
    await arrives(7);
    const instanceFacts = {
      instance_id: HOST,
      ami_id: 'ami-1',
      instance_type: 'm7g.large',
      instance_tags: 'Name=web team=search',
    };
    expect((await world.record(TASK)).handling?.instanceFacts).toEqual(instanceFacts);
    const { pending } = await world.ports.queue.read(HOST, true);
    expect(pending[0]?.decorations).toMatchObject({ ...instanceFacts, task_family: expect.any(String) });
  });

  it('is completed later if only its id was known, even if its agent has another name', async () => {
    await world.ports.aliases.learn(HOST, 'ip-10-0-1-2', world.nowMs);
    await arrives(5);
    expect((await world.record(TASK)).handling).toMatchObject({
      host: 'ip-10-0-1-2',
      instanceFacts: { instance_id: HOST },
    });
    await anInstance({ image_id: 'ami-1' });
    await arrives(7);
    expect((await world.record(TASK)).handling?.instanceFacts).toMatchObject({ ami_id: 'ami-1' });
  });

  it('is gone if the ledger says so, even without a node', async () => {
    await world.ports.ledger.advance(
      aSnapshot(0, { workload: HOST, kind: 'ec2-instance', stopped: true, lastStatus: 'terminated' }),
    );
    await arrives(5);
    await arrives(7);
    expect(await world.waiting(HOST)).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'host-gone' });
  });
});

it("a task's own tags are part of its identity", async () => {
  await arrives(5, { tags: [{ key: 'team', value: 'search' }, { key: 'a' }] });
  expect((await world.record(TASK)).identity.task_tags).toBe('a= team=search');
});

it('an event that arrives through another account is handled under its ARN, and reported', async () => {
  await world.take({ ...fixture(5), account: '999999999999' });
  expect(world.reports).toContainEqual({
    event: 'account_differs',
    fields: { workload: TASK, account: '999999999999' },
  });
  expect((await world.record(TASK)).handledVersion).toBe(fixture(5).detail.version);
});

it.each([
  ['five minutes ahead', '2026-11-20T10:20:27Z'],
  ['in the far future', '+050000-01-01T00:00:00Z'],
])('the time to answer is correct if the clock of the event is %s', async (_, time) => {
  await world.aNode(HOST);
  world.nowMs = Date.parse('2026-11-20T10:15:27Z');
  await world.take({ ...fixture(5), time });
  const { pending } = await world.ports.queue.read(HOST, true);
  expect(pending.map(({ triggeredAtMs }) => triggeredAtMs)).toEqual(pending.map(() => world.nowMs));
  expect((await world.record(TASK)).handling?.firstQuery).toMatchObject({ eventAtMs: world.nowMs });
});
