import { SILENT_AFTER_MS } from '../nodes/node.ts';
import type { CampaignHost, CampaignRecord, CampaignRow, Campaigns } from './campaign.ts';
import { ROWS_KEPT_MS } from './campaign.ts';

/**
 * What a campaign knows about a host. `silent`: it has not answered so far. `away`: the same, and its agent has stopped polling.
 * `expired`: it did not answer in time. `cancelled`: the query was withdrawn before it answered.
 */
type HostState = 'answered' | 'failed' | 'silent' | 'away' | 'expired' | 'cancelled' | 'refused';

/** Hosts of a campaign by state. `asked` is their sum without `refused`. */
export type CampaignCounts = Readonly<Record<HostState | 'asked' | 'rows', number>>;

/**
 * Whether an agent polls no more, as far as the last poll says that was known when the host was asked. So a host that has not
 * answered for 15 minutes is away, too.
 */
export const isAway = ({ lastSeenMs }: Pick<CampaignHost, 'lastSeenMs'>, nowMs: number): boolean =>
  lastSeenMs !== undefined && nowMs - lastSeenMs >= SILENT_AFTER_MS;

/** The state of one host. */
function hostState(
  { answer, refused, lastSeenMs }: CampaignHost,
  { expiresAtMs, cancelledAtMs }: CampaignRecord,
  nowMs: number,
): HostState {
  if (answer) return answer.status === 0 ? 'answered' : 'failed';
  if (refused !== undefined) return 'refused';
  if (cancelledAtMs !== undefined) return 'cancelled';
  if (nowMs >= expiresAtMs) return 'expired';
  return isAway({ lastSeenMs }, nowMs) ? 'away' : 'silent';
}

/** Counts the hosts of a campaign by state. */
export function countsOf(hosts: readonly CampaignHost[], campaign: CampaignRecord, nowMs: number): CampaignCounts {
  const counts = {
    asked: 0,
    answered: 0,
    failed: 0,
    silent: 0,
    away: 0,
    expired: 0,
    cancelled: 0,
    refused: 0,
    rows: 0,
  };
  for (const host of hosts) {
    const state = hostState(host, campaign, nowMs);
    counts[state] += 1;
    if (state !== 'refused') counts.asked += 1;
    counts.rows += host.answer?.rows ?? 0;
  }
  return counts;
}

/** Whether nothing more can come of a campaign. */
export function isOver(campaign: CampaignRecord, counts: CampaignCounts, nowMs: number): boolean {
  const isSettled = campaign.refused !== undefined || campaign.cancelledAtMs !== undefined;
  if (isSettled || nowMs >= campaign.expiresAtMs) return true;
  return hasAllHere(campaign, counts) && counts.away === 0;
}

/** Whether every host that is not away has answered. */
export const hasAllHere = ({ isQueued }: CampaignRecord, { silent }: CampaignCounts): boolean =>
  isQueued === true && silent === 0;

/** The answer of one host, with its rows. */
export interface HostAnswer {
  readonly host: string;
  readonly hostname: string;
  readonly answeredAtMs: number;
  readonly status: number;
  readonly message: string;
  readonly rows: readonly CampaignRow[];
  /** How many rows the host sent: more than there are in `rows` if a limit was reached, or if the hour is over. */
  readonly rowsSent: number;
  readonly lacks: 'nothing' | 'rows-beyond-limit' | 'rows-after-an-hour' | 'parts-of-rows';
}

/** What is new about a campaign. */
export interface CampaignNews {
  readonly campaign: CampaignRecord;
  readonly hosts: readonly CampaignHost[];
  readonly counts: CampaignCounts;
  readonly isOver: boolean;
  /** The time of `counts`. */
  readonly nowMs: number;
  /** Answers that no earlier call returned, the earliest first. */
  readonly answers: readonly HostAnswer[];
}

interface FollowDeps {
  readonly campaigns: Pick<Campaigns, 'find' | 'hosts' | 'rows'>;
  readonly now: () => number; // epoch ms
}

/**
 * Follows one campaign. Each call of `next` reads its state, and the rows of the hosts that have answered since the last call.
 * The first call returns all answers so far.
 */
export class CampaignFollower {
  readonly #id: string;
  readonly #deps: FollowDeps;
  /** Host → the run that was returned. */
  readonly #returned = new Map<string, string>();

  constructor(id: string, deps: FollowDeps) {
    this.#id = id;
    this.#deps = deps;
  }

  /** @returns undefined if there is no such campaign, or not yet: its event takes a moment */
  async next(): Promise<CampaignNews | undefined> {
    const { campaigns, now } = this.#deps;
    // In this order: once all hosts are recorded, a later read finds them all.
    const campaign = await campaigns.find(this.#id);
    if (!campaign) return undefined;
    const hosts = await campaigns.hosts(this.#id);
    const fresh = hosts.filter(({ host, answer }) => answer !== undefined && this.#returned.get(host) !== answer.run);
    const nowMs = now();
    const rows = await campaigns.rows(this.#id, fresh, nowMs);
    for (const { host, answer } of fresh) if (answer) this.#returned.set(host, answer.run);
    const answers = fresh.flatMap((one) => answerOf(one, rows.get(one.host) ?? [], nowMs));
    const counts = countsOf(hosts, campaign, nowMs);
    return {
      campaign,
      hosts,
      counts,
      isOver: isOver(campaign, counts, nowMs),
      nowMs,
      answers: answers.sort((a, b) => a.answeredAtMs - b.answeredAtMs),
    };
  }
}

function answerOf({ host, hostname, answer }: CampaignHost, rows: readonly CampaignRow[], nowMs: number): HostAnswer[] {
  if (!answer) return [];
  const { answeredAtMs, status, message, rows: rowsSent, kept, isShortened } = answer;
  const isGone = rows.length < kept && nowMs >= answeredAtMs + ROWS_KEPT_MS;
  const lacking = rowsSent > kept ? 'rows-beyond-limit' : isShortened ? 'parts-of-rows' : 'nothing';
  const lacks = isGone ? 'rows-after-an-hour' : lacking;
  return [{ host, hostname, answeredAtMs, status, message, rows, rowsSent, lacks }];
}
