import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE } from '../../../support/times.ts';

it('the directory lists a fleet with more nodes than fit on a page', async () => {
  const world = await TableWorld.begin();
  const { directory } = world.ports;
  const node = await world.aNode('any');
  // Names whose digests begin alike share a partition, which then has more than one page.
  const fleet = Array.from({ length: 4000 }, (_, n) => `f${n}`).filter(
    (host) => (createHash('sha256').update(host).digest()[0] ?? 0) % 16 === 7,
  );
  expect(fleet.length).toBeGreaterThan(200);
  await Promise.all(
    fleet.map((host) =>
      directory.record({ ...directoryEntryOf(node), hostIdentifier: host }, world.nowMs + 60 * MINUTE),
    ),
  );
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await directory.page(cursor);
    expect(page.entries.length).toBeLessThanOrEqual(100);
    found.push(...page.entries.map(({ hostIdentifier }) => hostIdentifier));
    cursor = page.next;
  } while (cursor);
  expect(found.sort()).toEqual(fleet.sort());
});
