import type { Campaign, CampaignRow, NewAnswer } from '../../lib/core/campaigns/campaign.ts';
import { CAMPAIGN_EVENT } from '../../lib/core/campaigns/campaign-event.ts';
import { keptRows } from '../../lib/core/campaigns/kept-rows.ts';
import { type AnyEvent, fixture } from './fixtures.ts';
import { MINUTE, T0 } from './times.ts';

export const CAMPAIGN = 'c000000001';
export const UPTIME = 'SELECT total_seconds FROM uptime';

export const aCampaign = (campaign: Partial<Campaign> = {}): Campaign => ({
  id: CAMPAIGN,
  sql: UPTIME,
  askedBy: 'arn:aws:iam::111122223333:user/ann',
  target: 'all',
  askedAtMs: T0,
  expiresAtMs: T0 + 60 * MINUTE,
  ...campaign,
});

/** The event with which a person asks; by default every node. */
export const aQuestion = (detail: Readonly<Record<string, unknown>> = {}, atMs = T0): AnyEvent => ({
  ...fixture(20),
  id: `question-${detail.campaign ?? CAMPAIGN}`,
  source: 'mayfly.cli',
  'detail-type': CAMPAIGN_EVENT,
  time: new Date(atMs).toISOString(),
  detail: {
    campaign: CAMPAIGN,
    sql: UPTIME,
    askedBy: 'arn:aws:iam::111122223333:user/ann',
    target: 'all',
    expiresSeconds: 3600,
    where: detail.hosts ? undefined : {},
    ...detail,
  },
});

/** The event with which a person withdraws a question. */
export const aCancellation = (atMs = T0): AnyEvent => ({
  ...aQuestion({}, atMs),
  detail: { campaign: CAMPAIGN, cancel: true },
});

export const aHostAnswer = (
  host: string,
  rows: readonly CampaignRow[] = [],
  answer: Partial<NewAnswer> = {},
): NewAnswer => ({
  host,
  hostname: `${host}.example`,
  run: `run-of-${host}`,
  status: 0,
  message: '',
  rows: rows.length,
  keep: keptRows(rows, 1_000_000),
  answeredAtMs: T0,
  ...answer,
});
