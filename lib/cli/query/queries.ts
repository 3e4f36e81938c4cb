import type { Campaign, CampaignRecord, Campaigns } from '../../core/campaigns/campaign.ts';
import { type CampaignCounts, countsOf, isOver } from '../../core/campaigns/follow.ts';
import { withDeployment } from '../deployment/deployment.ts';
import { type DeploymentFlags, pasted } from '../deployment/deployment-flags.ts';
import { isoOf } from '../terminal/iso.ts';
import { columns, printable, say, sayJson, when } from '../terminal/print.ts';
import { shortened } from '../terminal/table.ts';

/** A campaign with its numbers. */
interface Listed {
  readonly campaign: CampaignRecord;
  readonly counts: CampaignCounts;
  readonly state: string;
}

/** Lists the latest campaigns, newest first. */
export async function queries(
  flags: DeploymentFlags & { readonly limit: number; readonly json: boolean },
): Promise<void> {
  const nowMs = Date.now();
  const { listed, name } = await withDeployment(flags, async ({ campaigns, name }) => ({
    name,
    listed: await Promise.all((await campaigns.recent(flags.limit)).map((one) => listedOf(one, campaigns, nowMs))),
  }));
  if (flags.json) return sayJson(listed.map(asJson));
  if (listed.length === 0)
    return say(
      `No query has been asked at ${name}.\nAsk one: npx mayfly query "SELECT * FROM os_version" --all${pasted(flags)}`,
    );
  const rows = listed.map(
    ({ campaign: { id, askedAtMs, target, sql }, counts: { asked, answered, failed }, state }) => [
      id,
      when(askedAtMs),
      state,
      `${answered + failed}/${asked}`,
      short(target, 20),
      short(sql, 60),
    ],
  );
  say(columns([['id', 'asked', 'state', 'answered', 'target', 'query'], ...rows]));
}

async function listedOf(one: Campaign, campaigns: Campaigns, nowMs: number): Promise<Listed> {
  const [record, hosts] = await Promise.all([campaigns.find(one.id), campaigns.hosts(one.id)]);
  const campaign = record ?? one;
  const counts = countsOf(hosts, campaign, nowMs);
  return { campaign, counts, state: stateOf(campaign, counts, nowMs) };
}

function stateOf(campaign: CampaignRecord, counts: CampaignCounts, nowMs: number): string {
  if (campaign.refused !== undefined) return 'refused';
  if (campaign.cancelledAtMs !== undefined) return 'cancelled';
  if (!isOver(campaign, counts, nowMs)) return 'open';
  return counts.expired > 0 ? 'expired' : 'done';
}

const short = (text: string, most: number): string => shortened(printable(text), most);

const asJson = ({ campaign, counts, state }: Listed): unknown => ({
  campaign: campaign.id,
  sql: campaign.sql,
  askedBy: campaign.askedBy,
  target: campaign.target,
  askedAt: isoOf(campaign.askedAtMs),
  expiresAt: isoOf(campaign.expiresAtMs),
  cancelledAt: isoOf(campaign.cancelledAtMs),
  refused: campaign.refused ?? null,
  limited: campaign.isLimited === true,
  state,
  hosts: counts,
});
