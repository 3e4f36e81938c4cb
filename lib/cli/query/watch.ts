import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignHost } from '../../core/campaigns/campaign.ts';
import type { CampaignNews } from '../../core/campaigns/follow.ts';
import {
  type CampaignCounts,
  CampaignFollower,
  type HostAnswer,
  hasAllHere,
  isAway,
} from '../../core/campaigns/follow.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { type DeploymentFlags, pasted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { Exit } from '../errors/exit.ts';
import { count, note, printable, say, when } from '../terminal/print.ts';
import type { RowPrinter } from './print-rows.ts';

/** When to stop watching. @default - when every host that is not away has answered */
export interface Until {
  /** The share of the target's hosts, 0 to 1, whose answers are enough. Hosts that are away belong to the target. */
  readonly exitWhen?: number;
  readonly timeoutSeconds?: number;
}

/** How a campaign is watched. */
export interface Watching extends Until {
  readonly id: string;
  readonly printer: RowPrinter;
}

const PAUSE_MS = 250;
/** The pause between two reads of a campaign, in multiples of the time that a read takes, because large campaigns take long to read. */
const REST = 3;
/** How long to retry after the connection is lost, ms. */
const LOST_MS = 60_000;
const STARTS_WITHIN_MS = 20_000;

/** Why watching ended. `here`: all hosts that are not away have answered. */
type End = 'over' | 'here' | 'enough' | 'timeout' | 'interrupted';

/**
 * Prints the rows of a campaign as they arrive, and its progress, until every host that is here has answered or the watcher has
 * had enough.
 *
 * @throws {Exit} 4 if it ended before enough hosts answered, 5 if a host answered with an error, 130 after Ctrl-C
 */
export async function watch(watching: Watching, flags: DeploymentFlags): Promise<void> {
  const hint = `npx mayfly query --resume ${watching.id}${pasted(flags)}`;
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const progress = progressLine();
  try {
    const { news, end } = await withDeployment(
      flags,
      (deployment) => followed(watching, deployment, interrupt.signal, progress),
      'follows',
    );
    progress.clear();
    finish(news, end, hint);
  } catch (error) {
    progress.clear();
    if (!(error instanceof Exit) && !(error instanceof CommandError && error.code === 'NOT_FOUND'))
      note(`The query goes on without this command. Resume: ${hint}`);
    throw error;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

async function followed(
  watching: Watching,
  { campaigns, name }: Deployment,
  signal: AbortSignal,
  progress: Progress,
): Promise<{ readonly news: CampaignNews | undefined; readonly end: End }> {
  const startedAtMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedAtMs;
  const follower = new CampaignFollower(watching.id, { campaigns, now: Date.now });
  let isWaitingSaid = false;
  for (;;) {
    const readAtMs = performance.now();
    const news = await persistently(() => follower.next(), name, signal);
    const tookMs = performance.now() - readAtMs;
    if (!news && !isWaitingSaid && elapsedMs() > STARTS_WITHIN_MS) {
      note(`Mayfly has not started this query yet. Does its function query-request fail? See docs/runbook.md.`);
      isWaitingSaid = true;
    }
    if (news) show(news, watching.printer, progress);
    const end = signal.aborted ? 'interrupted' : endOf(news, watching, elapsedMs());
    if (end) return { news, end };
    await sleep(Math.max(PAUSE_MS, REST * tookMs), undefined, { signal }).catch(() => undefined);
  }
}

function endOf(
  news: CampaignNews | undefined,
  { exitWhen, timeoutSeconds }: Until,
  elapsedMs: number,
): End | undefined {
  if (news?.isOver) return 'over';
  if (news && exitWhen === undefined && hasAllHere(news.campaign, news.counts)) return 'here';
  if (news && exitWhen !== undefined && news.campaign.isQueued) {
    const { asked, answered, failed } = news.counts;
    if (answered + failed >= exitWhen * asked) return 'enough';
  }
  return timeoutSeconds !== undefined && elapsedMs >= timeoutSeconds * 1000 ? 'timeout' : undefined;
}

/** Prints the new answers. */
function show({ answers, counts, campaign }: CampaignNews, printer: RowPrinter, progress: Progress): void {
  if (answers.length > 0) progress.clear();
  for (const answer of answers) {
    for (const line of printer.linesOf(answer)) say(line);
    const remark = remarkOn(answer);
    if (remark) note(`${printable(answer.hostname || answer.host)}: ${remark}`);
  }
  progress.show(`${campaign.id}: ${summaryOf(counts)}`);
}

/** What a reader has to know about an answer besides its rows. */
function remarkOn({ status, message, rows, rowsSent, lacks }: HostAnswer): string | undefined {
  if (status !== 0) return printable(message) || 'osquery gave no reason for the failure';
  switch (lacks) {
    case 'nothing':
      return undefined;
    case 'rows-beyond-limit':
      return `sent ${count(rowsSent, 'row')}, more than a query keeps here: ${rows.length} are shown; all are in the results`;
    case 'rows-after-an-hour':
      return `sent ${count(rowsSent, 'row')} more than an hour ago: they are in the results only`;
    case 'parts-of-rows':
      return 'sent very long rows: they are shortened here, and whole in the results';
    default: {
      const never: never = lacks;
      return never;
    }
  }
}

/** `40 asked, 31 answered, 1 with error, 2 silent, 6 away, 0 expired; 124 rows` */
function summaryOf({ asked, answered, failed, silent, away, expired, cancelled, rows }: CampaignCounts): string {
  const gone = away > 0 ? `, ${away} away` : '';
  const withdrawn = cancelled > 0 ? `, ${cancelled} cancelled` : '';
  return `${asked} asked, ${answered} answered, ${failed} with error, ${silent} silent${gone}, ${expired} expired${withdrawn}; ${count(rows, 'row')}`;
}

/** The most silent hosts that the last message names. */
const NAMED = 10;

/** Prints how it ended. */
function finish(news: CampaignNews | undefined, end: End, hint: string): void {
  const refused = news?.campaign.refused;
  if (refused !== undefined) throw new CommandError('REFUSED', refused);
  if (news) {
    note(`${news.campaign.id}: ${summaryOf(news.counts)}.`);
    for (const line of leftOut(news)) note(line);
    if (end === 'over' && news.counts.asked === 0) throw new CommandError('NOT_FOUND', 'no host was asked');
  }
  if (end !== 'over') {
    const until = news ? ` until ${when(news.campaign.expiresAtMs)}` : '';
    const isQueuedFor = end === 'here' ? ', and hosts that come back by then answer it' : '';
    note(`The query goes on${until}${isQueuedFor}. Resume: ${hint}${end === 'here' ? ' --exit-when 100%' : ''}`);
  }
  const code = exitCodeOf(news?.counts, end);
  if (code !== 0) throw new Exit(code);
}

function exitCodeOf(counts: CampaignCounts | undefined, end: End): 0 | 4 | 5 | 130 {
  if (end === 'interrupted') return 130;
  if (!counts || end === 'timeout') return 4;
  if (end === 'here' && counts.answered + counts.failed === 0) return 4;
  if (end === 'over' && counts.expired + counts.cancelled > 0) return 4;
  return counts.failed > 0 ? 5 : 0;
}

/** The hosts that were not asked, and those that have not answered. */
function leftOut({ hosts, campaign, nowMs }: CampaignNews): string[] {
  const of = (why: string) => hosts.filter(({ refused }) => refused === why).length;
  const [lacking, limited, gone] = [of('not-on-platform'), of('limited'), of('no-node')];
  const unanswered = hosts.filter(({ refused, answer }) => !refused && !answer);
  const away = unanswered.filter((host) => isAway(host, nowMs));
  const silent = unanswered.filter((host) => !isAway(host, nowMs));
  return [
    ...(campaign.isLimited ? ['More hosts match than hosts_per_trigger of the policy allows.'] : []),
    ...(lacking > 0 ? [`Not asked: ${count(lacking, 'host')} whose platform lacks a table of the query.`] : []),
    ...(limited > 0 ? [`Not asked: ${count(limited, 'host')} with too many pending queries.`] : []),
    ...(gone > 0 ? [`Not asked: ${count(gone, 'host')} without an enrolled node.`] : []),
    ...named('No answer from', silent),
    ...named('No answer, and no poll for 15 minutes, from', away),
  ];
}

/** Names the first of these hosts, with their last polls. */
function named(what: string, hosts: readonly CampaignHost[]): string[] {
  if (hosts.length === 0) return [];
  const names = hosts.slice(0, NAMED).map(({ host, hostname, lastSeenMs }) => {
    const seen = lastSeenMs === undefined ? '' : `, last seen ${when(lastSeenMs)}`;
    return `  ${printable(host)} (${printable(hostname) || 'no hostname'}${seen})`;
  });
  const more = hosts.length > NAMED ? [`  and ${hosts.length - NAMED} more`] : [];
  return [`${what} ${count(hosts.length, 'host')}:`, ...names, ...more];
}

/** Calls again while the connection is lost, for a minute. */
async function persistently<T>(read: () => Promise<T>, name: string, signal: AbortSignal): Promise<T> {
  let lostAtMs: number | undefined;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isFirst = lostAtMs === undefined;
      lostAtMs ??= performance.now();
      const isLast = signal.aborted || performance.now() - lostAtMs > LOST_MS;
      if (isLast || !isPassing(error)) throw error;
      if (isFirst) note(`The connection to ${name} is lost. Trying again …`);
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Whether an error may be temporary. Expired credentials are not. */
function isPassing(error: unknown): boolean {
  const { name, code, $retryable, $metadata } = Object(error) as {
    readonly name?: string;
    readonly code?: string;
    readonly $retryable?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const network = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', 'ENETUNREACH'];
  const isNetwork = network.some((one) => code === one) || name === 'TimeoutError';
  return isNetwork || $retryable !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500;
}

interface Progress {
  show(line: string): void;
  clear(): void;
}

/** A progress line that is overwritten in place on a terminal; elsewhere nothing is printed. */
function progressLine(): Progress {
  const { isTTY } = process.stderr;
  let shown = false;
  const write = (text: string): void => {
    if (isTTY) process.stderr.write(text);
  };
  return {
    show: (line) => {
      write(`\r${line.slice(0, 78)}\u001b[K`);
      shown = true;
    },
    clear: () => {
      if (shown) write('\r\u001b[K');
      shown = false;
    },
  };
}
