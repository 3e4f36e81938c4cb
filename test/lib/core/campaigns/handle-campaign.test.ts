import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Campaigns } from '../../../../lib/core/campaigns/campaign.ts';
import { CampaignFollower } from '../../../../lib/core/campaigns/follow.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { aCampaign, aCancellation, aQuestion, CAMPAIGN, UPTIME } from '../../../support/a-campaign.ts';
import { aPolicy } from '../../../support/a-policy.ts';
import { aWorldUnder } from '../../../support/a-request.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

let world: World;
let follower: CampaignFollower;
beforeEach(async () => {
  world = await aWorldUnder(aPolicy(1));
  for (const host of ['h1', 'h2', 'h3']) await listed(host);
  follower = new CampaignFollower(CAMPAIGN, { campaigns: world.ports.campaigns, now: world.now });
});

/** An enrolled node with its entry in the directory. */
async function listed(host: string, platform = 'ubuntu'): Promise<void> {
  const node = await world.aNode(host, { hostname: `${host}.example`, uuid: host, platform });
  await world.ports.directory.record(directoryEntryOf(node, 'default'), world.nowMs + 90 * MINUTE);
}

async function news() {
  const found = await follower.next();
  if (!found) throw new Error('there is no campaign');
  return found;
}

/** The host takes its queries and answers each. */
async function answers(host: string, rows: readonly Record<string, string>[], answer = {}): Promise<void> {
  const queries = await world.poll(host);
  expect(queries).toMatchObject([{ sql: UPTIME }]);
  await world.answer(
    host,
    queries.map(({ wireId }) => anAnswer(wireId, rows, answer)),
  );
}
const reported = (name: string) => world.reports.filter(({ event }) => event === name).map(({ fields }) => fields);

describe('a campaign', () => {
  it('asks every node that meets the conditions, and reports who asked what of whom', async () => {
    await world.take(aQuestion({ where: { hostname: ['h1*', 'h3*'] }, target: 'hostname=h1*|h3*' }));
    expect(await world.waiting('h1')).toEqual([{ rule: 'campaign', query: CAMPAIGN, sql: UPTIME }]);
    expect(await world.waiting('h2')).toEqual([]);
    expect(await world.waiting('h3')).toHaveLength(1);
    expect(reported('campaign_queued')).toEqual([
      {
        campaign: CAMPAIGN,
        askedBy: 'arn:aws:iam::111122223333:user/ann',
        target: 'hostname=h1*|h3*',
        sql: UPTIME,
        hosts: 2,
        isLimited: false,
      },
    ]);
  });

  it('returns the rows of each host as it answers, once', async () => {
    await world.take(aQuestion());
    expect(await news()).toMatchObject({ counts: { asked: 3, silent: 3 }, isOver: false, answers: [] });
    world.nowMs += SECOND;
    await answers('h1', [{ total_seconds: '5' }]);
    expect(await news()).toMatchObject({
      counts: { asked: 3, answered: 1, silent: 2, rows: 1 },
      isOver: false,
      answers: [
        {
          host: 'h1',
          hostname: 'h1.example',
          answeredAtMs: world.nowMs,
          rows: [{ total_seconds: '5' }],
          lacks: 'nothing',
        },
      ],
    });
    await answers('h2', [], { status: 1, message: 'no such table: uptime' });
    await answers('h3', []);
    const last = await news();
    expect(last).toMatchObject({ counts: { answered: 2, failed: 1, silent: 0, rows: 1 }, isOver: true });
    expect(last.answers.map(({ host, message, rows }) => [host, message, rows])).toEqual([
      ['h2', 'no such table: uptime', []],
      ['h3', '', []],
    ]);
  });

  it('gets the answer of a host that was away and comes back before the expiry', async () => {
    await world.take(aQuestion());
    world.nowMs += 14 * MINUTE;
    expect(await news()).toMatchObject({ counts: { silent: 3, away: 0 }, isOver: false });
    world.nowMs += 45 * MINUTE;
    expect(await news()).toMatchObject({ counts: { silent: 0, away: 3 }, isOver: false });
    await answers('h1', [{ total_seconds: '5' }]);
    world.nowMs += MINUTE;
    expect(await world.poll('h2')).toEqual([]);
    expect(await news()).toMatchObject({ counts: { answered: 1, silent: 0, expired: 2 }, isOver: true });
  });

  it('stores its rows in the results too, with campaign and asker', async () => {
    await world.take(aQuestion());
    await answers('h1', [{ total_seconds: '5' }]);
    expect(world.sink.stored).toMatchObject([
      {
        host: 'h1',
        rule: 'campaign',
        query: CAMPAIGN,
        set: 'campaign',
        columns: { total_seconds: '5' },
        decorations: { campaign: CAMPAIGN, asked_by: 'arn:aws:iam::111122223333:user/ann' },
      },
    ]);
  });

  it('keeps an answer before it is acknowledged, and once when the agent sends it again', async () => {
    await world.take(aQuestion({ hosts: ['h1'] }));
    const queries = await world.poll('h1');
    const sent = queries.map(({ wireId }) => anAnswer(wireId, [{ total_seconds: '5' }]));
    const { campaigns } = world.ports;
    const failing = { ...campaigns, keepAnswer: async () => Promise.reject(new Error('the table is down')) };
    await expect(
      world.answer('h1', sent, { ...world.ports, campaigns: Object.assign(Object.create(campaigns), failing) }),
    ).rejects.toThrow('the table is down');
    expect(await world.answer('h1', sent)).toBe(true);
    expect(await world.answer('h1', sent)).toBe(true);
    expect(await news()).toMatchObject({ counts: { asked: 1, answered: 1, rows: 1 } });
  });

  it('shows a host that polls and does not answer as failed', async () => {
    await world.take(aQuestion({ hosts: ['h1'] }));
    for (let n = 0; n < 6; n++) {
      await world.poll('h1');
      world.nowMs += MINUTE;
    }
    const { counts, answers: given } = await news();
    expect(counts).toMatchObject({ asked: 1, failed: 1, silent: 0 });
    expect(given).toMatchObject([{ host: 'h1', message: expect.stringContaining('unanswered') }]);
  });

  it('names hosts without a node, and hosts whose platform lacks a table, and does not ask them', async () => {
    await listed('w1', 'windows');
    await world.take(aQuestion({ hosts: ['h1', 'w1', 'gone'], platforms: ['linux', 'darwin'] }));
    const { counts, hosts, campaign } = await news();
    expect(counts).toMatchObject({ asked: 1, refused: 2 });
    expect(hosts.flatMap(({ host, refused }) => (refused ? [[host, refused]] : [])).sort()).toEqual([
      ['gone', 'no-node'],
      ['w1', 'not-on-platform'],
    ]);
    expect(campaign.isQueued).toBe(true);
    expect(await world.waiting('w1')).toEqual([]);
  });

  it('is not over while hosts are still being recorded', async () => {
    const { campaigns } = world.ports;
    await campaigns.begin(aCampaign());
    const record = async () => {
      await campaigns.recordHost(CAMPAIGN, { host: 'h1', hostname: '', askedAtMs: T0 });
      await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
    };
    const slow: Pick<Campaigns, 'find' | 'hosts' | 'rows'> = {
      find: async (id) => {
        await record(); // between the start and the end of the read
        return campaigns.find(id);
      },
      hosts: (id) => campaigns.hosts(id),
      rows: (...args) => campaigns.rows(...args),
    };
    const found = await new CampaignFollower(CAMPAIGN, { campaigns: slow, now: world.now }).next();
    expect(found).toMatchObject({ counts: { asked: 1, silent: 1 }, isOver: false });
  });

  it('that reaches no host is over at once', async () => {
    await world.take(aQuestion({ where: { profile: ['none'] } }));
    expect(await news()).toMatchObject({ counts: { asked: 0 }, isOver: true });
  });

  it('reaches as many hosts as one trigger may, and says so', async () => {
    const policy = aPolicy(1);
    world.policy = inForce({ ...policy, limits: { ...policy.limits, hostsPerTrigger: 2 } });
    await world.take(aQuestion());
    expect(await news()).toMatchObject({ counts: { asked: 2 }, campaign: { isLimited: true, isQueued: true } });
  });

  it('does not exceed the limit of pending queries of a host', async () => {
    const policy = aPolicy(1);
    world.policy = inForce({ ...policy, limits: { ...policy.limits, pendingPerHost: 1 } });
    await world.take(aQuestion({ hosts: ['h1'] }));
    await world.take(aQuestion({ hosts: ['h1'], campaign: 'c000000002' }));
    expect(await world.ports.campaigns.hosts('c000000002')).toMatchObject([{ host: 'h1', refused: 'limited' }]);
  });

  it('is one campaign if its event comes twice, and continues after a crash', async () => {
    const { queue } = world.ports;
    let left = 2;
    const { enqueueSpaced } = queue;
    queue.enqueueSpaced = async (...spaced) => {
      if (left-- === 0) throw new Error('the function ran out of time');
      return enqueueSpaced.apply(queue, spaced);
    };
    await expect(world.take(aQuestion())).rejects.toThrow('ran out of time');
    queue.enqueueSpaced = enqueueSpaced;
    await answers('h1', [{ total_seconds: '5' }]).catch(() => undefined);
    await world.take(aQuestion());
    await world.take(aQuestion());
    const states = (await news()).counts;
    expect(states.asked).toBe(3);
    expect(states.answered + states.silent).toBe(3);
    expect(reported('campaign_queued')).toHaveLength(1);
  });

  it('does not take the id of another one', async () => {
    await world.take(aQuestion({ hosts: ['h1'] }));
    await world.take(aQuestion({ hosts: ['h2'], sql: 'SELECT 2' }));
    expect(await world.waiting('h2')).toEqual([]);
    expect((await news()).campaign.refused).toBeUndefined();
    expect(reported('campaign_refused')).toMatchObject([{ why: 'there is another campaign of this id' }]);
  });

  it.each([
    ['that the policy forbids', { allow: false, forbidTables: [] }, UPTIME, 'the policy forbids ad-hoc queries'],
    ['of a forbidden table', { allow: true, forbidTables: ['uptime'] }, UPTIME, 'the policy forbids the table uptime'],
    ['of two statements', undefined, 'SELECT 1; SELECT 2', 'only one statement is allowed'],
  ])('%s asks no host and shows the reason', async (_, adHoc, sql, refused) => {
    world.policy = inForce(aPolicy(1, { adHoc }));
    await world.take(aQuestion({ sql }));
    expect(await world.waiting('h1')).toEqual([]);
    expect(await news()).toMatchObject({ campaign: { refused }, counts: { asked: 0 }, isOver: true });
  });

  it.each<[string, Record<string, unknown>]>([
    ['a condition that does not exist', { where: { profil: ['db'] } }],
    ['neither hosts nor conditions', { where: undefined }],
    ['both', { where: {}, hosts: ['h1'] }],
    ['an id of another form', { campaign: '../POLICY' }],
    ['no SQL', { sql: undefined }],
    ['a year of time', { expiresSeconds: 365 * 86_400 }],
    ['an unknown field', { priority: 0 }],
  ])('with %s is malformed', async (_, detail) => {
    await world.take(aQuestion(detail));
    expect(reported('event_malformed')).toHaveLength(1);
    expect(await world.waiting('h1')).toEqual([]);
  });

  it('that is cancelled withdraws pending queries and keeps answers that still come', async () => {
    await world.take(aQuestion());
    const taken = await world.poll('h1');
    await answers('h2', [{ total_seconds: '5' }]);
    await world.take(aCancellation());
    expect(await world.poll('h3')).toEqual([]);
    expect(await news()).toMatchObject({ counts: { answered: 1, cancelled: 2, silent: 0 }, isOver: true });
    await world.answer(
      'h1',
      taken.map(({ wireId }) => anAnswer(wireId, [{ total_seconds: '6' }])),
    );
    expect(await news()).toMatchObject({ counts: { answered: 2, cancelled: 1 }, answers: [{ host: 'h1' }] });
    expect(reported('campaign_cancelled')).toEqual([{ campaign: CAMPAIGN, hosts: 2 }]);
  });

  it('that is cancelled while it is being queued withdraws all of it', async () => {
    const { queue } = world.ports;
    const { enqueueSpaced } = queue;
    let isCancelled = false;
    queue.enqueueSpaced = async (...spaced) => {
      if (!isCancelled) {
        isCancelled = true;
        await world.take(aCancellation());
      }
      return enqueueSpaced.apply(queue, spaced);
    };
    await world.take(aQuestion());
    for (const host of ['h1', 'h2', 'h3']) expect(await world.waiting(host)).toEqual([]);
    expect((await news()).counts).toMatchObject({ asked: 3, cancelled: 3 });
  });

  it('cannot be cancelled unless it exists', async () => {
    await world.take(aCancellation());
    expect(world.outcomes()).toEqual(['ignored']);
    expect(await world.ports.campaigns.find(CAMPAIGN)).toBeUndefined();
  });

  it('has its time from the event, and never from the future', async () => {
    await world.take(aQuestion({}, T0 + 5 * MINUTE));
    expect((await news()).campaign).toMatchObject({ askedAtMs: T0, expiresAtMs: T0 + 60 * MINUTE });
  });
});
