import { type DirectoryEntry, everyEntry, type NodeDirectory, seenFrom } from '../nodes/directory.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { matchNode } from '../policy/match-node.ts';
import type { Limits } from '../policy/policy.ts';
import { type AskDeps, enqueue } from '../queue/ask.ts';
import { digestOf } from '../queue/digest.ts';
import { type FanOuts, ranked } from '../queue/fan-out.ts';
import { platformOf } from '../queue/on-platform.ts';
import { keyOf, type PendingQuery } from '../queue/pending-query.ts';
import { each } from '../together.ts';
import type { Campaign, CampaignHost, CampaignRecord, Campaigns, HostRefusal } from './campaign.ts';
import type { CampaignEvent, CampaignRequest } from './campaign-event.ts';
import { refusalOf } from './check-sql.ts';
import { keepBytesOf } from './kept-rows.ts';

export interface CampaignDeps extends AskDeps {
  readonly campaigns: Campaigns;
  readonly policy: LivePolicy;
  readonly directory: NodeDirectory;
  readonly fanOuts: FanOuts;
}

/** A person waits for these: before the queries of rules, after last gasps. */
const PRIORITY = 2;

/** Hosts handled in parallel; progress is saved after each group. */
const GROUP = 100;

/**
 * Starts or cancels a campaign. Idempotent and resumable, as a redelivered event continues where the last one stopped.
 *
 * @returns the outcome, for the log
 */
export async function handleCampaign(event: CampaignEvent, deps: CampaignDeps): Promise<string> {
  const { request } = event;
  return 'cancel' in request ? cancelCampaign(request.campaign, deps) : ask(request, event.occurredAtMs, deps);
}

async function ask(question: CampaignRequest, occurredAtMs: number, deps: CampaignDeps): Promise<string> {
  const { campaigns, policy, now, report } = deps;
  const asked = campaignOf(question, Math.min(occurredAtMs, now()));
  const { limits, adHoc } = (await policy()).policy;
  const campaign = await campaigns.begin(asked);
  const refusal = isSame(campaign, asked) ? refusalOf(asked.sql, adHoc) : 'there is another campaign of this id';
  const { id, askedBy, target } = asked;
  if (refusal !== undefined) {
    // The campaign that has the id is not to blame.
    if (isSame(campaign, asked)) await campaigns.recordProgress(id, { refused: refusal });
    report('campaign_refused', { campaign: id, askedBy, target, why: refusal });
    return 'refused';
  }
  const done = await fanOut(campaign, question, limits, deps);
  if (done) report('campaign_queued', { campaign: id, askedBy, target, sql: asked.sql, ...done });
  return done ? 'queued' : 'noted';
}

const campaignOf = (
  { campaign, sql, askedBy, target, expiresSeconds }: CampaignRequest,
  askedAtMs: number,
): Campaign => ({
  id: campaign,
  sql: sql.trim(),
  askedBy,
  target,
  askedAtMs,
  expiresAtMs: askedAtMs + expiresSeconds * 1000,
});

const isSame = (one: Campaign, other: Campaign): boolean =>
  one.sql === other.sql && one.askedBy === other.askedBy && one.target === other.target;

/** Queues the query for every host of the target, up to the policy's limit, in an order that no host can influence. */
async function fanOut(
  campaign: CampaignRecord,
  question: CampaignRequest,
  limits: Limits,
  deps: CampaignDeps,
): Promise<{ readonly hosts: number; readonly isLimited: boolean } | undefined> {
  const { campaigns, fanOuts, now } = deps;
  const key = `campaign ${campaign.id}`;
  let { hosts, cursor = '', done } = await fanOuts.resume(key, now());
  if (done) return undefined;
  const targets = await targetsOf(question, deps);
  const left = ranked(targets, await fanOuts.secret(), key).filter(({ rank }) => rank > cursor);
  const within = left.slice(0, Math.max(0, limits.hostsPerTrigger - hosts));
  const isLimited = within.length < left.length;
  const keepBytes = keepBytesOf(Math.min(targets.length, limits.hostsPerTrigger));
  do {
    if (!(await isOpen(campaign.id, deps))) break;
    const group = within.splice(0, GROUP);
    await Promise.all(group.map(({ entry }) => askHost(entry, { campaign, question, limits, keepBytes }, deps)));
    hosts += group.length;
    cursor = group.at(-1)?.rank ?? cursor;
    done = within.length === 0;
    // First the campaign: after a crash in between, the last group is asked again, which changes nothing.
    if (done) await campaigns.recordProgress(campaign.id, { isQueued: true, isLimited });
    await fanOuts.save(key, { hosts, cursor, done }, now());
  } while (!done);
  // A cancellation may have come while a group was queued.
  if ((await campaigns.find(campaign.id))?.cancelledAtMs !== undefined) await withdraw(campaign, deps);
  return { hosts, isLimited };
}

async function isOpen(id: string, { campaigns, now }: CampaignDeps): Promise<boolean> {
  const found = await campaigns.find(id);
  return found !== undefined && found.cancelledAtMs === undefined && found.expiresAtMs > now();
}

/** A host of the target; only its identifier is known if it has no node. */
type TargetHost = Pick<DirectoryEntry, 'hostIdentifier'> & Partial<DirectoryEntry>;

async function targetsOf({ hosts, where }: CampaignRequest, { directory, now }: CampaignDeps): Promise<TargetHost[]> {
  const entries = await everyEntry(directory);
  if (where) return entries.filter((node) => matchNode(where, seenFrom(node, now())));
  const byName = new Map(entries.map((entry) => [entry.hostIdentifier, entry]));
  return [...new Set(hosts)].map((host) => byName.get(host) ?? { hostIdentifier: host });
}

interface Asking {
  readonly campaign: Campaign;
  readonly question: CampaignRequest;
  readonly limits: Limits;
  readonly keepBytes: number;
}

/** Records the host first, so that its answer always finds it there. */
async function askHost(entry: TargetHost, asking: Asking, deps: CampaignDeps): Promise<void> {
  const { campaign, question, limits, keepBytes } = asking;
  const { campaigns, now } = deps;
  const { hostIdentifier: host, hostname = '', lastSeenMs } = entry;
  const record = (refused?: HostRefusal): Promise<void> =>
    campaigns.recordHost(campaign.id, { host, hostname, askedAtMs: now(), lastSeenMs, refused });
  const refused = refusalOfHost(entry, question);
  await record(refused);
  if (refused) return;
  const query = queryOf(campaign, host, keepBytes, now());
  // A repeat has another id, so spacing does not apply.
  const options = { limits: { ...limits, spacingSeconds: 0 }, heatSeconds: 0 };
  const queued = await enqueue(host, { queries: [query], refusals: [] }, options, deps);
  if (queued.length === 0) await record('limited');
}

function refusalOfHost({ lastSeenMs, platform }: TargetHost, { platforms }: CampaignRequest): HostRefusal | undefined {
  if (lastSeenMs === undefined) return 'no-node';
  const its = platformOf(platform);
  return platforms && its && !platforms.includes(its) ? 'not-on-platform' : undefined;
}

const queryIdOf = (id: string, host: string): string => digestOf('campaign', id, host);

function queryOf(campaign: Campaign, host: string, keepBytes: number, nowMs: number): PendingQuery {
  const { id, sql, askedBy, askedAtMs, expiresAtMs } = campaign;
  return {
    queryId: queryIdOf(id, host),
    host,
    priority: PRIORITY,
    rule: 'campaign',
    query: id,
    set: 'campaign',
    sql,
    bindings: {},
    subjects: [],
    decorations: { campaign: id, asked_by: askedBy },
    subjectDecorations: {},
    triggeredAtMs: askedAtMs,
    receivedAtMs: nowMs,
    queuedAtMs: nowMs,
    expiresAtMs,
    campaign: { id, keepBytes },
  };
}

/** Withdraws the queries that no host has taken yet. Answers that still come are kept. */
async function cancelCampaign(id: string, deps: CampaignDeps): Promise<string> {
  const { campaigns, now, report } = deps;
  const campaign = await campaigns.find(id);
  if (!campaign) {
    report('campaign_refused', {
      campaign: id,
      askedBy: '',
      target: '',
      why: 'there is no campaign of this id to cancel',
    });
    return 'ignored';
  }
  // First, so that a fan-out under way stops.
  await campaigns.recordProgress(id, { cancelledAtMs: campaign.cancelledAtMs ?? now() });
  const hosts = await withdraw(campaign, deps);
  report('campaign_cancelled', { campaign: id, hosts });
  return 'cancelled';
}

/** Removes the pending queries of a campaign. @returns the number of hosts that had not answered */
async function withdraw(campaign: Campaign, { campaigns, queue, now }: CampaignDeps): Promise<number> {
  const waiting = (await campaigns.hosts(campaign.id)).filter(isWaiting);
  await each(waiting, ({ host }) => queue.remove([keyOf(queryOf(campaign, host, 0, now()))]));
  return waiting.length;
}

const isWaiting = ({ refused, answer }: CampaignHost): boolean => refused === undefined && answer === undefined;
