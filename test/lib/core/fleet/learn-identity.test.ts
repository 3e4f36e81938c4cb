import { expect, it } from '@jest/globals';
import { DynamoLedgerIndex } from '../../../../lib/aws/ledger/ledger-index.ts';
import { learnIdentity } from '../../../../lib/core/fleet/learn-identity.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { anInstance, HOST } from '../../../support/a-sweeper.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';
import { portsOn, TableWorld } from '../../../support/table-world.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const HOUR = 60 * MINUTE;
async function aWorld(): Promise<TableWorld> {
  const world = await TableWorld.begin();
  await world.ports.ledger.advance(
    aSnapshot(1, { workload: HOST, kind: 'ec2-instance', identity: { instance_id: HOST } }),
  );
  return world;
}
const tenants = async (world: TableWorld, ip: string, atMs: number) =>
  (await new DynamoLedgerIndex(world.table).tenants(ip, atMs)).map(({ record, fromMs, releasedAtMs }) => [
    record.workload,
    fromMs,
    releasedAtMs,
  ]);

it('an address from before a restart can be looked up', async () => {
  const world = await aWorld();
  const learn = (launchedAtMs: number, ...addresses: string[]) =>
    learnIdentity(anInstance(HOST, { launchedAtMs, addresses }), { ledger: world.ports.ledger, now: world.now });
  await learn(T0, '10.0.3.7', '198.51.100.1');
  world.nowMs = T0 + 5 * HOUR;
  await learn(T0 + 4 * HOUR, '10.0.3.7', '198.51.100.2');
  expect(await tenants(world, '198.51.100.1', T0 + HOUR)).toEqual([[HOST, T0, T0 + 4 * HOUR]]);
  expect(await tenants(world, '198.51.100.2', T0 + HOUR)).toEqual([]);
  expect(await tenants(world, '198.51.100.2', T0 + 5 * HOUR)).toEqual([[HOST, T0 + 4 * HOUR, undefined]]);
  expect(await tenants(world, '10.0.3.7', T0 + 5 * HOUR)).toEqual([[HOST, T0, undefined]]);
});

it('no address is lost, wherever the function crashes', async () => {
  for (let at = 1; ; at++) {
    const world = await aWorld();
    const mortal = new Mortal(at, 'after');
    const instance = anInstance(HOST, { addresses: ['10.0.3.7', '10.0.3.8'] });
    const { ledger } = portsOn(mortalTable(mortal, world.table), world.now);
    await untilDeath(async () => void (await learnIdentity(instance, { ledger, now: world.now })));
    await learnIdentity(instance, { ledger: world.ports.ledger, now: world.now });
    for (const ip of instance.addresses)
      expect([at, await tenants(world, ip, T0)]).toEqual([at, [[HOST, T0, undefined]]]);
    if (!mortal.died) break;
  }
});
