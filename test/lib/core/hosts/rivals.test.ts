import { beforeEach, describe, expect, it } from '@jest/globals';
import { learnIdentity } from '../../../../lib/core/fleet/learn-identity.ts';
import { noteContest } from '../../../../lib/core/fleet/note-contest.ts';
import { type Fit, fitOf } from '../../../../lib/core/hosts/fit.ts';
import { isBelieved, learnInstance } from '../../../../lib/core/hosts/learn-instance.ts';
import { resolveHost } from '../../../../lib/core/hosts/resolve-host.ts';
import type { Instance } from '../../../../lib/core/inventory/instance.ts';

import type { OfferedQuery } from '../../../../lib/core/queue/offers.ts';
import { anAnswer, anIdentity } from '../../../support/an-agent.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const anInstance = (more: Partial<Instance> = {}): Instance => ({
  instanceId: INSTANCE,
  state: 'running',
  launchedAtMs: T0,
  tags: {},
  addresses: ['10.0.12.34', '203.0.113.7'],
  macs: [],
  ...more,
});

describe("AWS's facts about an instance", () => {
  const known = (identity: Record<string, string>, firstReceivedAtMs = T0) => ({
    workload: INSTANCE,
    identity,
    firstReceivedAtMs,
  });
  const judged = (host: string, hostname: string, instance = known({ ip: '10.0.12.34 203.0.113.7' })) =>
    fitOf({ host, identity: anIdentity({ hostname }) }, instance, T0);

  it.each<[string, string, Fit]>([
    ['web-7', 'ip-10-0-12-34', 'fits'],
    ['web-7', 'ip-10-0-12-34.eu-west-1.compute.internal', 'fits'],
    ['ip-10-0-12-34', 'web-7', 'fits'],
    ['web-7', `${INSTANCE}.eu-west-1.compute.internal`, 'fits'],
    ['web-7', 'ip-10-0-99-99', 'contradicts'],
    ['web-7', 'i-0ffffffffffffffff', 'contradicts'],
    ['web-7', 'web-7', 'unknown'],
    [INSTANCE, 'web-7', 'unknown'],
  ])('decide about %s, called %s: %s', (host, hostname, expected) => {
    expect(judged(host, hostname)).toBe(expected);
  });

  it('decide nothing before the instance is known', () => {
    expect(fitOf({ host: 'web-7', identity: anIdentity() }, undefined, T0)).toBe('unknown');
    expect(judged('web-7', 'ip-10-0-99-99', known({}))).toBe('unknown');
  });

  it('contradict a claim that is older than the instance', () => {
    const later = { launched_at: new Date(T0 + 60 * MINUTE).toISOString() };
    expect(judged('web-7', 'web-7', known(later, T0 + 61 * MINUTE))).toBe('contradicts');
    // After a restart: the instance was known when the claim was made.
    expect(judged('web-7', 'web-7', known(later, T0))).toBe('unknown');
  });
});

describe('a host that claims an instance', () => {
  const claim = { source: 'agent', fit: 'unknown' } as const;
  it('is accepted without a rival, and against a rival with less proof', () => {
    expect(isBelieved(claim)).toBe(true);
    expect(isBelieved({ ...claim, owner: claim })).toBe(false);
    expect(isBelieved({ ...claim, fit: 'fits', owner: claim })).toBe(true);
    expect(isBelieved({ ...claim, owner: { ...claim, fit: 'contradicts' } })).toBe(true);
    expect(isBelieved({ ...claim, fit: 'fits', owner: { source: 'aws', fit: 'fits' } })).toBe(false);
  });

  it('is accepted against a living node of that very id only with a document that the node lacks', () => {
    expect(isBelieved({ ...claim, fit: 'fits', own: {} })).toBe(false);
    expect(isBelieved({ source: 'attestation', fit: 'unknown', own: {} })).toBe(true);
    expect(isBelieved({ source: 'attestation', fit: 'unknown', own: { attested: true } })).toBe(false);
  });

  it('is accepted with a document against all rivals without one', () => {
    expect(isBelieved({ source: 'attestation', fit: 'unknown', owner: { source: 'aws', fit: 'fits' } })).toBe(true);
    expect(isBelieved({ source: 'aws', fit: 'fits', owner: { source: 'attestation', fit: 'unknown' } })).toBe(false);
    expect(isBelieved({ source: 'attestation', fit: 'fits', owner: { source: 'attestation', fit: 'unknown' } })).toBe(
      false,
    );
  });
});

describe('an impostor that claims an instance before it boots', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.begin();
  });
  const names = async (host: string): Promise<string[]> => (await world.waiting(host)).map(({ query }) => query);
  const saysWhoItIs = async (host: string) => {
    const ec2 = (await world.poll(host)).find(({ query }) => query === 'ec2');
    await world.answer(host, [anAnswer(ec2?.wireId ?? '', [{ instance_id: INSTANCE }])]);
  };

  it.each([
    ['by the host name that EC2 assigned', { hostname: 'ip-10-0-12-34' }],
    ['by a claim that is not older than the instance', { hostname: 'web-7' }],
  ])(
    'loses it to the real one, %s, with all pending queries; its answers prove nothing from then on',
    async (_, identity) => {
      await world.enroll('evil-3', { hostname: 'evil', uuid: 'evil', agentInstance: 'evil' });
      await saysWhoItIs('evil-3');
      world.nowMs += 30 * MINUTE;
      const { ledger } = world.ports;
      await world.take(fixture(19));
      await learnIdentity(anInstance({ launchedAtMs: world.nowMs }), { ledger, now: world.now });
      expect(await names('evil-3')).toEqual(['instance', 'system']);
      const taken = await world.poll('evil-3');
      await world.take(fixture(15), fixture(5));
      expect(await names('evil-3')).toEqual(['container', 'processes']);

      await world.enroll('real', identity);
      await saysWhoItIs('real');
      // Queries that the impostor took are queued again.
      expect(await names('real')).toEqual(['container', 'instance', 'processes', 'system']);
      expect(await names('evil-3')).toEqual([]);
      expect(await world.ports.aliases.hostOf(INSTANCE)).toBe('real');
      const stolen = taken.find(({ query }) => query === 'instance');
      await world.answer('evil-3', [anAnswer(stolen?.wireId ?? '', [{ instance_id: INSTANCE }])]);
      expect((await world.record(INSTANCE)).seenLive).toEqual([]);
      expect(world.reports).toContainEqual({
        event: 'answer_disregarded',
        fields: { host: 'evil-3', alias: INSTANCE },
      });
    },
  );

  it('loses it at once to an agent that enrolls under the instance id', async () => {
    await world.enroll('evil-3', { uuid: 'evil', agentInstance: 'evil' });
    await saysWhoItIs('evil-3');
    await world.aNode(INSTANCE);
    await world.take(fixture(15), fixture(5));
    expect(await names(INSTANCE)).toEqual(['container', 'processes']);
    expect(await names('evil-3')).toEqual([]);
  });

  describe('and takes the queries about a task of it', () => {
    const TASK = String(fixture(5).detail.taskArn);
    let taken: readonly OfferedQuery[];
    beforeEach(async () => {
      await world.aNode('evil-3', { uuid: 'evil', agentInstance: 'evil' });
      await learnInstance('evil-3', INSTANCE, { ...world.ports, now: world.now });
      await world.take(fixture(15), fixture(5));
      taken = await world.poll('evil-3');
      expect(taken.map(({ query }) => query)).toEqual(expect.arrayContaining(['container', 'processes']));
      world.nowMs += SECOND;
    });
    const corrected = () => resolveHost(INSTANCE, { ...world.ports, now: world.now, report: world.report });
    const rowsFor = ({ askers }: OfferedQuery) =>
      askers.flatMap(({ subjects }) => subjects.map((id) => ({ id, name: 'web', state: 'running' })));
    const forges = async () => {
      const wanted = taken.filter(({ query }) => query === 'container');
      await world.answer(
        'evil-3',
        wanted.map((one) => anAnswer(one.wireId, rowsFor(one))),
      );
    };
    const realAnswers = async () => {
      const asked = (await world.poll(INSTANCE)).filter(({ query }) => query === 'container');
      expect(asked).toHaveLength(1);
      await world.answer(
        INSTANCE,
        asked.map((one) => anAnswer(one.wireId, rowsFor(one))),
      );
    };

    it('and stays silent: the real one is queried, and the silence of the impostor proves nothing', async () => {
      await world.aNode(INSTANCE);
      await corrected();
      expect(await names(INSTANCE)).toEqual(['container', 'processes']);
      world.nowMs += MINUTE;
      expect((await world.poll('evil-3')).map(({ query }) => query)).not.toContain('container');
      expect((await world.record(TASK)).troubles).toEqual([]);
      expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
      await realAnswers();
      expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    });

    it('and answers afterwards: its rows prove nothing, but those of the real one do', async () => {
      await world.aNode(INSTANCE);
      await corrected();
      await forges();
      expect((await world.record(TASK)).seenLive).toEqual([]);
      expect(world.reports).toContainEqual({
        event: 'answer_disregarded',
        fields: { host: 'evil-3', alias: INSTANCE },
      });
      await realAnswers();
      expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
      expect(await names(INSTANCE)).toEqual([]);
    });

    it('and answers before the alias is corrected: the real one is still queried, once', async () => {
      await world.aNode(INSTANCE);
      await forges();
      expect((await world.record(TASK)).seenLive).toEqual([]);
      expect(await names(INSTANCE)).toEqual(['container', 'processes']);
      await corrected();
      expect(await names(INSTANCE)).toEqual(['container', 'processes']);
      await realAnswers();
      expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    });

    it('and exhausted its deliveries: the real one is queried while there is time', async () => {
      for (let tries = 0; tries < 12; tries += 1) {
        world.nowMs += 31 * SECOND;
        await world.poll('evil-3');
      }
      expect((await world.record(TASK)).troubles).toEqual(['unanswered']);
      await world.aNode(INSTANCE);
      await corrected();
      expect(await names(INSTANCE)).toEqual(['container', 'processes']);
      await realAnswers();
      expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    });

    it('and loses the name after the queries expired: nothing is queued again', async () => {
      world.nowMs += 24 * 60 * MINUTE;
      await world.aNode(INSTANCE);
      await corrected();
      expect(await names(INSTANCE)).toEqual([]);
    });
  });
});

describe('a contest for an instance', () => {
  it('is a fleet issue of both hosts, each naming the other', async () => {
    const world = await World.begin();
    const { fleetIssues } = world.ports;
    await noteContest(
      { instance: INSTANCE, winner: 'real', loser: 'evil-3' },
      { fleetIssues, report: world.report, now: world.now },
    );
    expect((await fleetIssues.open(world.nowMs)).map(({ kind, host, detail }) => ({ kind, host, detail }))).toEqual([
      {
        kind: 'identity-contested',
        host: 'evil-3',
        detail: `real claims to be ${INSTANCE} as well, and is queried about it`,
      },
      {
        kind: 'identity-contested',
        host: 'real',
        detail: `evil-3 claims to be ${INSTANCE} as well; this host is queried about it`,
      },
    ]);
  });
});
