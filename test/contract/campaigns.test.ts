import { expect, it } from '@jest/globals';
import { ROWS_KEPT_MS } from '../../lib/core/campaigns/campaign.ts';
import { aCampaign, aHostAnswer, CAMPAIGN } from '../support/a-campaign.ts';
import { MINUTE, SECOND, T0 } from '../support/times.ts';
import { contract } from './editions.ts';

const asked = (host: string) => ({ host, hostname: `${host}.example`, askedAtMs: T0, lastSeenMs: T0 - MINUTE });
const inOrder = <T extends { readonly host: string }>(hosts: readonly T[]): T[] =>
  hosts.toSorted((a, b) => (a.host < b.host ? -1 : 1));

contract('a campaign', (begin) => {
  it('is recorded once, under its id', async () => {
    const { campaigns } = await begin();
    expect(await campaigns.find(CAMPAIGN)).toBeUndefined();
    expect(await campaigns.begin(aCampaign())).toMatchObject(aCampaign());
    expect(await campaigns.begin(aCampaign({ sql: 'SELECT 2' }))).toMatchObject(aCampaign());
    expect(await campaigns.find(CAMPAIGN)).toMatchObject(aCampaign());
  });

  it('records its progress, member by member', async () => {
    const { campaigns } = await begin();
    await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
    expect(await campaigns.find(CAMPAIGN)).toBeUndefined();
    await campaigns.begin(aCampaign());
    await campaigns.recordProgress(CAMPAIGN, { cancelledAtMs: T0 + SECOND });
    await campaigns.recordProgress(CAMPAIGN, { isQueued: true, isLimited: false });
    expect(await campaigns.find(CAMPAIGN)).toMatchObject({
      isQueued: true,
      isLimited: false,
      cancelledAtMs: T0 + SECOND,
    });
  });

  it('is listed, the latest first', async () => {
    const { campaigns } = await begin();
    for (const n of [1, 3, 2]) await campaigns.begin(aCampaign({ id: `c00000000${n}`, askedAtMs: T0 + n * SECOND }));
    const listed = await campaigns.recent(2);
    expect(listed.map(({ id }) => id)).toEqual(['c000000003', 'c000000002']);
    expect(listed[0]).toEqual(aCampaign({ id: 'c000000003', askedAtMs: T0 + 3 * SECOND }));
  });

  it('lists its hosts, with why some are not asked', async () => {
    const { campaigns } = await begin();
    await campaigns.begin(aCampaign());
    await campaigns.recordHost(CAMPAIGN, asked('h1'));
    await campaigns.recordHost(CAMPAIGN, { ...asked('h#2'), refused: 'limited' });
    expect(inOrder(await campaigns.hosts(CAMPAIGN))).toEqual([{ ...asked('h#2'), refused: 'limited' }, asked('h1')]);
    expect(await campaigns.hosts('c000000002')).toEqual([]);
  });

  it('keeps an answer, whether it or the host is recorded first', async () => {
    const { campaigns } = await begin();
    await campaigns.begin(aCampaign());
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [{ a: '1' }]));
    await campaigns.recordHost(CAMPAIGN, asked('h1'));
    const [host] = await campaigns.hosts(CAMPAIGN);
    expect(host).toEqual({
      ...asked('h1'),
      answer: { run: 'run-of-h1', status: 0, message: '', rows: 1, kept: 1, pages: 1, answeredAtMs: T0 },
    });
  });

  it('keeps the rows of each host, in order and apart', async () => {
    const { campaigns } = await begin();
    await campaigns.begin(aCampaign());
    const many = Array.from({ length: 2_500 }, (_, n) => ({ n: String(n), text: 'x'.repeat(100) }));
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', many));
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1#0', [{ n: 'other', text: '"\u202e\n' }]));
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h2'));
    const hosts = await campaigns.hosts(CAMPAIGN);
    const rows = await campaigns.rows(CAMPAIGN, hosts, T0);
    expect(rows.get('h1')).toEqual(many);
    expect(rows.get('h1#0')).toEqual([{ n: 'other', text: '"\u202e\n' }]);
    expect(rows.get('h2') ?? []).toEqual([]);
  });

  it('keeps rows for an hour, and the answers longer', async () => {
    const { campaigns } = await begin();
    await campaigns.begin(aCampaign());
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [{ a: '1' }]));
    const hosts = await campaigns.hosts(CAMPAIGN);
    expect((await campaigns.rows(CAMPAIGN, hosts, T0 + ROWS_KEPT_MS - SECOND)).get('h1')).toEqual([{ a: '1' }]);
    expect((await campaigns.rows(CAMPAIGN, hosts, T0 + ROWS_KEPT_MS)).get('h1')).toBeUndefined();
    expect(hosts).toHaveLength(1);
  });

  it('counts the first answer of a host, and prefers an answer to a failure', async () => {
    const { campaigns } = await begin();
    await campaigns.begin(aCampaign());
    const failed = { status: 1, message: 'no such table' };
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [], { ...failed, run: 'r1' }));
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [], { ...failed, run: 'r2' }));
    expect(await campaigns.hosts(CAMPAIGN)).toMatchObject([{ answer: { run: 'r1', status: 1 } }]);
    for (const run of ['r3', 'r3', 'r4'])
      await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [{ run }], { run, answeredAtMs: T0 + SECOND }));
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [], { ...failed, run: 'r5' }));
    const hosts = await campaigns.hosts(CAMPAIGN);
    expect(hosts).toMatchObject([{ answer: { run: 'r3', status: 0, answeredAtMs: T0 + SECOND } }]);
    expect((await campaigns.rows(CAMPAIGN, hosts, T0)).get('h1')).toEqual([{ run: 'r3' }]);
  });
});
