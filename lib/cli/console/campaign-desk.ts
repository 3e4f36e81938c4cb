import * as z from 'zod/mini';
import type { CampaignHead, CampaignView, PreparedView, TargetView } from '../../console/api.ts';
import type { Campaign } from '../../core/campaigns/campaign.ts';
import type { CampaignRequest } from '../../core/campaigns/campaign-event.ts';
import { CampaignFollower, type CampaignNews, type HostAnswer } from '../../core/campaigns/follow.ts';
import { prepare } from '../query/prepare.ts';
import { newId } from '../query/query.ts';
import type { TargetFlags } from '../query/targets.ts';
import { whereOf } from '../query/where.ts';
import type { ConsoleSource, Handler } from './source.ts';

const RECENT = 20;
/** The most campaigns whose answers are kept in memory, for the pages that follow them. */
const FOLLOWED = 20;
const HOUR_SECONDS = 3600;

const Asked = z.object({
  sql: z.string().check(z.maxLength(100_000)),
  target: z.object({ kind: z.enum(['all', 'host', 'where', 'cluster']), text: z.string() }),
});
const Named = z.object({ id: z.string() });

interface Followed {
  readonly follower: CampaignFollower;
  readonly answers: HostAnswer[];
  news?: CampaignNews;
}

/** Starts and follows campaigns for the page, with the checks and events of `mayfly query`. */
export class CampaignDesk {
  readonly #source: ConsoleSource;
  readonly #followed = new Map<string, Followed>();

  constructor(source: ConsoleSource) {
    this.#source = source;
  }

  routes(): Readonly<Record<string, Handler>> {
    const { deployment, put } = this.#source;
    return {
      'POST prepare': async (_, body) => this.#prepared(body),
      'POST ask': async (_, body) => this.#ask(body),
      'POST cancel': async (_, body) => {
        const { id } = Named.parse(body);
        await put({ campaign: id, cancel: true });
        return { id };
      },
      'GET campaigns': async () => (await deployment.campaigns.recent(RECENT)).map(headOf),
      'GET campaign': async (query) => this.#news(query.get('id') ?? '', Number(query.get('since') ?? '0')),
    };
  }

  async #prepared(body: unknown): Promise<PreparedView> {
    const { sql, target } = Asked.parse(body);
    const { hosts, limitedFrom, lacking, away, warnings } = await prepare(
      sql,
      flagsOf(target),
      this.#source.deployment,
    );
    return { hosts, limitedFrom, lacking, away, warnings };
  }

  async #ask(body: unknown): Promise<{ readonly id: string }> {
    const { sql, target } = Asked.parse(body);
    const { deployment, asker, put } = this.#source;
    const { question } = await prepare(sql, flagsOf(target), deployment);
    const campaign: CampaignRequest = {
      ...question,
      campaign: newId(),
      askedBy: await asker(),
      expiresSeconds: HOUR_SECONDS,
    };
    await put(campaign);
    return { id: campaign.campaign };
  }

  /** The news of a campaign. Until a function has handled its event, the campaign does not exist. */
  async #news(id: string, since: number): Promise<CampaignView> {
    const followed = this.#followed.get(id) ?? this.#follow(id);
    const news = followed.news?.isOver ? followed.news : await followed.follower.next();
    if (news && news !== followed.news) followed.answers.push(...news.answers);
    followed.news = news;
    return {
      campaign: news && headOf(news.campaign),
      refused: news?.campaign.refused,
      counts: news?.counts,
      isOver: news?.isOver ?? false,
      answers: followed.answers.slice(since),
    };
  }

  #follow(id: string): Followed {
    const { deployment, now } = this.#source;
    const [oldest] = this.#followed.keys();
    if (this.#followed.size >= FOLLOWED && oldest !== undefined) this.#followed.delete(oldest);
    const followed = { follower: new CampaignFollower(id, { campaigns: deployment.campaigns, now }), answers: [] };
    this.#followed.set(id, followed);
    return followed;
  }
}

const headOf = ({ id, sql, target, askedBy, askedAtMs, expiresAtMs }: Campaign): CampaignHead => ({
  ...{ id, sql, target, askedBy, askedAtMs, expiresAtMs },
});

/** @throws if the conditions are malformed */
function flagsOf({ kind, text }: TargetView): TargetFlags {
  switch (kind) {
    case 'all':
      return { all: true };
    case 'host':
      return { host: text.split(/[\s,]+/).filter(Boolean) };
    case 'where':
      return { where: { text, match: whereOf(text) } };
    case 'cluster':
      return { cluster: text };
    default: {
      const never: never = kind;
      return never;
    }
  }
}
