import { beforeEach, describe, expect, it } from '@jest/globals';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { aRequest, aWorldUnder } from '../../../support/a-request.ts';
import { defaultPolicyWith } from '../../../support/policy-folder.ts';
import { MINUTE } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const policy = defaultPolicyWith('rules/webhook.yaml', 'rules/fleet-sweep.yaml');

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(policy);
});

describe('the examples, as their files say to use them', () => {
  it('a monitoring system queries the host of its alert', async () => {
    const alert = { idempotencyKey: 'alert-4711', host: 'i-0abc123def4567890', service: 'nginx' };
    await world.take(aRequest('host-check', alert), aRequest('host-check', alert));
    const asked = await world.waiting('i-0abc123def4567890');
    expect(asked.map(({ query }) => query)).toEqual(['busiest', 'load', 'service']);
    expect(asked.at(-1)?.sql).toMatch(/WHERE id = 'nginx' \|\| '\.service'$/);
  });

  it('a sweep queries every host of a kind', async () => {
    for (const [host, platform] of Object.entries({ h1: 'amzn', h2: 'ubuntu', h3: 'amzn' })) {
      const node = await world.aNode(host, { platform, uuid: host });
      await world.ports.directory.record(directoryEntryOf(node), world.nowMs + MINUTE);
    }
    await world.take(aRequest('package-sweep', { packages: ['xz', 'openssl'] }));
    expect(await world.waiting('h2')).toEqual([]);
    for (const host of ['h1', 'h3']) {
      const [asked] = await world.waiting(host);
      expect(asked?.sql).toMatch(/WHERE name IN \('xz', 'openssl'\)$/);
    }
  });
});
