import {
  type Campaign,
  type CampaignAnswer,
  type CampaignHost,
  type CampaignProgress,
  type CampaignRecord,
  type CampaignRow,
  type Campaigns,
  type NewAnswer,
  ROWS_KEPT_MS,
} from '../core/campaigns/campaign.ts';

interface Kept {
  record: CampaignRecord;
  readonly hosts: Map<string, CampaignHost>;
  /** Host → the rows of its answer. */
  readonly rows: Map<string, readonly CampaignRow[]>;
}

/** Campaigns in memory. */
export class MemoryCampaigns implements Campaigns {
  readonly #campaigns = new Map<string, Kept>();

  async begin(campaign: Campaign): Promise<CampaignRecord> {
    const kept = this.#campaigns.get(campaign.id) ?? { record: campaign, hosts: new Map(), rows: new Map() };
    this.#campaigns.set(campaign.id, kept);
    return kept.record;
  }

  async find(id: string): Promise<CampaignRecord | undefined> {
    return this.#campaigns.get(id)?.record;
  }

  async recordProgress(id: string, progress: CampaignProgress): Promise<void> {
    const kept = this.#campaigns.get(id);
    if (kept) kept.record = { ...kept.record, ...progress };
  }

  async recent(limit: number): Promise<readonly Campaign[]> {
    return [...this.#campaigns.values()]
      .map(({ record }) => campaignOf(record))
      .sort((a, b) => b.askedAtMs - a.askedAtMs)
      .slice(0, limit);
  }

  async recordHost(id: string, host: Omit<CampaignHost, 'answer'>): Promise<void> {
    const kept = this.#campaigns.get(id);
    kept?.hosts.set(host.host, { ...host, answer: kept.hosts.get(host.host)?.answer });
  }

  async keepAnswer(id: string, { host, hostname, keep, ...rest }: NewAnswer): Promise<void> {
    const kept = this.#campaigns.get(id);
    const before = kept?.hosts.get(host);
    if (!kept || (before?.answer && !(before.answer.status !== 0 && rest.status === 0))) return;
    const answer: CampaignAnswer = {
      ...rest,
      kept: keep.kept,
      pages: keep.pages.length,
      isShortened: keep.isShortened || undefined,
    };
    kept.hosts.set(host, { askedAtMs: rest.answeredAtMs, ...before, host, hostname, answer });
    kept.rows.set(host, keep.pages.flat());
  }

  async hosts(id: string): Promise<readonly CampaignHost[]> {
    return [...(this.#campaigns.get(id)?.hosts.values() ?? [])];
  }

  async rows(id: string, hosts: readonly CampaignHost[], nowMs: number): Promise<Map<string, readonly CampaignRow[]>> {
    const kept = this.#campaigns.get(id);
    return new Map(
      hosts.flatMap(({ host, answer }) =>
        answer && nowMs < answer.answeredAtMs + ROWS_KEPT_MS ? [[host, kept?.rows.get(host) ?? []] as const] : [],
      ),
    );
  }
}

const campaignOf = ({ id, sql, askedBy, target, askedAtMs, expiresAtMs }: CampaignRecord): Campaign => ({
  id,
  sql,
  askedBy,
  target,
  askedAtMs,
  expiresAtMs,
});
