import { beforeEach, describe, expect, it } from '@jest/globals';
import { decideHost, type NamedNode, type NameFacts } from '../../../../lib/core/hosts/resolve-host.ts';
import type { Alias, AliasSource } from '../../../../lib/core/nodes/registry.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const bearer = (host: string, more: Partial<NamedNode> = {}): NamedNode => ({
  host,
  expiresAtMs: T0 + MINUTE,
  ...more,
});
const alias = (host: string, source: AliasSource = 'agent'): Alias => ({ host, source, sinceMs: T0 });
const decide = (known: Omit<NameFacts, 'name'>) => decideHost({ name: INSTANCE, ...known }, T0);

describe('the host behind a name', () => {
  it('is the name itself without an alias', () => {
    expect(decide({})).toEqual({ host: INSTANCE });
    expect(decide({ own: bearer(INSTANCE) })).toEqual({ host: INSTANCE });
  });

  it('is the host of the alias while no node lives under the name itself', () => {
    expect(decide({ alias: alias('web-7') })).toEqual({ host: 'web-7' });
    expect(decide({ alias: alias('web-7'), aliased: bearer('web-7', { instanceId: INSTANCE }) })).toEqual({
      host: 'web-7',
    });
    for (const gone of [{ endedAtMs: T0 }, { expiresAtMs: T0 }])
      expect(decide({ alias: alias('web-7'), own: bearer(INSTANCE, gone) })).toEqual({ host: 'web-7' });
  });

  it.each<AliasSource>(['agent', 'aws', 'attestation'])(
    'is the living node of that very name, for an alias from any source: %s',
    (source) => {
      const aliased = bearer('web-7', { instanceId: INSTANCE });
      expect(decide({ own: bearer(INSTANCE), alias: alias('web-7', source), aliased })).toEqual({
        host: INSTANCE,
        wrong: 'web-7',
      });
    },
  );

  it('is an attested host rather than an unattested node of that name', () => {
    const known = { alias: alias('web-7', 'attestation'), aliased: bearer('web-7', { attested: true }) };
    expect(decide({ ...known, own: bearer(INSTANCE) })).toEqual({ host: 'web-7' });
    expect(decide({ ...known, own: bearer(INSTANCE, { attested: true }) })).toEqual({ host: INSTANCE, wrong: 'web-7' });
  });

  it('is not a host that has since reported another instance', () => {
    const aliased = bearer('web-7', { instanceId: 'i-0ffffffffffffffff' });
    expect(decide({ alias: alias('web-7'), aliased })).toEqual({ host: INSTANCE, wrong: 'web-7' });
  });
});

describe('a host that enrolled by its hostname, and later by its instance id', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.begin();
    await world.enroll('ip-10-0-12-34');
    const ec2 = (await world.poll('ip-10-0-12-34')).find(({ query }) => query === 'ec2');
    await world.answer('ip-10-0-12-34', [anAnswer(ec2?.wireId ?? '', [{ instance_id: INSTANCE }])]);
  });
  const names = async (host: string): Promise<string[]> => (await world.waiting(host)).map(({ query }) => query);

  it('is queried under its new name, and the alias of the old one is deleted', async () => {
    await world.aNode(INSTANCE);
    await world.take(fixture(15), fixture(5));
    expect(await names(INSTANCE)).toEqual(['container', 'processes']);
    expect(await names('ip-10-0-12-34')).toEqual([]);
    expect(await world.ports.aliases.hostOf(INSTANCE)).toBeUndefined();
    expect(world.reports).toContainEqual({
      event: 'alias_corrected',
      fields: { alias: INSTANCE, wrong: 'ip-10-0-12-34', host: INSTANCE },
    });
  });

  it('gets the queries queued under the old name, and the old name keeps its own', async () => {
    await world.take(fixture(15), fixture(5), fixture(19));
    expect(await names('ip-10-0-12-34')).toEqual(['container', 'instance', 'processes', 'system']);
    await world.enroll('ip-10-0-12-34', { agentInstance: 'wiped' });
    world.nowMs += 20 * MINUTE;
    await world.aNode(INSTANCE);
    await world.take(fixture(15)); // another event about its container instance
    expect(await names(INSTANCE)).toEqual(['container', 'instance', 'processes', 'system']);
    expect((await names('ip-10-0-12-34')).filter((name) => name !== 'agent' && name !== 'ec2')).toEqual([]);
  });
});
