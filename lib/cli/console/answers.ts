import * as z from 'zod/mini';
import type { About, RowsView } from '../../console/api.ts';
import { SWEEP_EVERY_MS } from '../../core/ledger/bound.ts';
import { CLOCK_AHEAD_MS } from '../../core/ledger/ledger-index.ts';
import { everyEntry } from '../../core/nodes/directory.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { PLATFORMS } from '../../policy-compiler/osquery/specs.ts';
import { instanceFactsOf } from '../ledger/instance-facts.ts';
import type { StoredRow } from '../rows/stored-row.ts';
import { lintView, schemaView } from './ask-view.ts';
import { CampaignDesk } from './campaign-desk.ts';
import { coverageView, mttaView } from './charts.ts';
import { hostsView } from './hosts-view.ts';
import { LifeFeed } from './life-feed.ts';
import { lifeView } from './life-view.ts';
import { diffView, versionsView, versionView } from './policy-view.ts';
import type { AnswerPath } from './server.ts';
import type { ConsoleSource, Handler } from './source.ts';

const Lint = z.object({
  sql: z.string().check(z.maxLength(100_000)),
  platforms: z.array(z.enum(PLATFORMS)).check(z.minLength(1)),
});

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
/** The most rows on one page. */
const MOST_ROWS = 500;
/** The most lives that a page keeps. */
const MOST_LIVES = 50_000;

const rowView = ({ storedAtMs: atMs, rule, query, set, message, columns }: StoredRow) => ({
  ...{ atMs, rule, query, set, message, columns },
});

/** The console's API: what each path answers. */
export function answersOf(source: ConsoleSource): AnswerPath {
  const routes = new Map(Object.entries(new Answers(source).routes()));
  return async (path, query, body) => routes.get(path)?.(query, body);
}

class Answers {
  readonly #source: ConsoleSource;
  readonly #feed: LifeFeed;
  readonly #campaigns: CampaignDesk;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;

  constructor(source: ConsoleSource) {
    const { deployment, sinceMs, now } = source;
    this.#source = source;
    this.#campaigns = new CampaignDesk(source);
    this.#feed = new LifeFeed({
      ledgerIndex: deployment.ledgerIndex,
      ledger: deployment.ledger,
      sinceMs,
      mostLives: MOST_LIVES,
      now,
    });
  }

  routes(): Readonly<Record<string, Handler>> {
    const { store } = this.#source.deployment;
    const number = (query: URLSearchParams, name: string) => Number(query.get(name) ?? '0');
    return {
      ...this.#campaigns.routes(),
      'GET about': async () => this.#about(),
      'GET lives': async (query) => (await this.#refreshed()).changedSince(number(query, 'since')),
      'GET coverage': async (query) => coverageView(await this.#records(query), this.#source.now()),
      'GET mtta': async (query) => this.#mtta(query),
      'GET life': async (query) => this.#life(query.get('workload') ?? ''),
      'GET rows': async (query) => this.#rows(query.get('workload') ?? ''),
      'GET hosts': async () => this.#hosts(),
      'GET schema': async () => schemaView(),
      'POST lint': async (_, body) => {
        const { sql, platforms } = Lint.parse(body);
        return lintView(sql, platforms, (await store.current())?.sources ?? {});
      },
      'GET versions': async () => versionsView(store),
      'GET version': async (query) => versionView(store, number(query, 'number')),
      'GET diff': async (query) => diffView(store, number(query, 'from'), number(query, 'to')),
    };
  }

  #about(): About {
    const { deployment, version, sinceMs, everyMs, areRowsDear } = this.#source;
    const { name, chosen } = deployment;
    return { name, chosen, version, sinceMs, everyMs, areRowsDear, mostLives: MOST_LIVES };
  }

  /** The feed, read from the table at most `everyMs` ago. It is read on request only, so no open page means no reads. */
  async #refreshed(): Promise<LifeFeed> {
    const { everyMs, now } = this.#source;
    if (now() - this.#refreshedAtMs >= everyMs * 0.9) {
      await this.#feed.refresh();
      this.#refreshedAtMs = now();
    }
    return this.#feed;
  }

  async #records(query: URLSearchParams) {
    const cluster = query.get('cluster');
    const records = (await this.#refreshed()).records();
    return cluster ? records.filter(({ identity }) => identity.cluster === cluster) : records;
  }

  async #policy(): Promise<Policy> {
    return (await this.#source.deployment.store.current())?.policy ?? this.#source.builtIn();
  }

  async #mtta(query: URLSearchParams) {
    const { deployment, now } = this.#source;
    const [{ profiles }, nodes, { everyMs = SWEEP_EVERY_MS, heldEverySeconds }, records] = await Promise.all([
      this.#policy(),
      everyEntry(deployment.directory),
      deployment.sweeps.read(),
      this.#records(query),
    ]);
    return mttaView(records, { profiles, nodes, settings: { sweepEveryMs: everyMs, heldEverySeconds } }, now());
  }

  async #life(workload: string) {
    const { deployment, now } = this.#source;
    const record = await deployment.ledgerIndex.find(workload, now() + CLOCK_AHEAD_MS);
    if (!record) return undefined;
    return lifeView(record, await instanceFactsOf(record, deployment.ledgerIndex, now()), now());
  }

  async #rows(workload: string): Promise<RowsView> {
    const { rows, now } = this.#source;
    const record = this.#feed.record(workload);
    const fromMs = (record?.firstReceivedAtMs ?? now() - DAY_MS) - HOUR_MS; // a function's clock may be behind
    const filter = { workload, fromMs, untilMs: now() + HOUR_MS };
    const found = await rows({ filter, skip: 0, limit: MOST_ROWS });
    return { rows: found.rows.map(rowView), hasMore: found.hasMore };
  }

  async #hosts() {
    const { deployment, now } = this.#source;
    const [entries, issues, feed, { profiles }] = await Promise.all([
      everyEntry(deployment.directory),
      deployment.fleetIssues.open(now()),
      this.#refreshed(),
      this.#policy(),
    ]);
    return hostsView({ entries, issues, lives: feed.lives(), profiles });
  }
}
