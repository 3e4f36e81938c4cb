/**
 * What the console's server tells its page: types alone, for both sides. All instants are epoch milliseconds; optional
 * ones are absent while they are unknown.
 */

export type LifeVerdict = 'pending' | 'seen' | 'post-mortem' | 'never-started' | 'ignored' | 'missed';

/** One workload as a bar: when it lived, when Mayfly queried it, and what came of it. */
export interface Life {
  /** ECS task ARN or EC2 instance id. */
  readonly workload: string;
  readonly family: string;
  readonly cluster?: string;
  readonly host?: string;
  /** The earliest known time of it: a task is created and pulls its images before its containers run. */
  readonly firstAtMs: number;
  /** Its containers run from here on. */
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly queuedAtMs?: number;
  readonly deliveredAtMs?: number;
  /** The first row about it. */
  readonly answeredAtMs?: number;
  readonly verdict: LifeVerdict;
  readonly reason?: string;
}

/** Lives that are new or changed since a revision; `next` is the revision for the next request. */
export interface Lives {
  readonly next: number;
  /** Whether there are more, for another request from `next` on. */
  readonly hasMore: boolean;
  /** How far back the server has read the ledger, epoch ms; absent when it has read all. */
  readonly readBackToMs?: number;
  readonly nowMs: number;
  readonly lives: readonly Life[];
}

/** The Mayfly that the console shows. */
export interface About {
  readonly name: string;
  /** The flags that choose it, with a leading space. */
  readonly chosen: string;
  readonly version: string;
  /** The page shows lives since then. */
  readonly sinceMs: number;
  /** How often the page asks for changes, ms. */
  readonly everyMs: number;
  /** Whether a search for rows costs money: then a person starts it. */
  readonly areRowsDear: boolean;
  /** How many lives a page keeps. */
  readonly mostLives: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Counted {
  readonly workloads: number;
  readonly verdicts: Readonly<Record<LifeVerdict, number>>;
  /** Covered share, 0 to 1; null without a verdict that counts. */
  readonly share: number | null;
  readonly timeToAnswerMs: Percentiles | null;
}

/** One step of time of a chart. */
interface Step extends Counted {
  readonly atMs: number;
  /** The share that a query every 60 s would have seen; null where no workload ran. */
  readonly scheduleShare: number | null;
}

export interface Miss {
  readonly workload: string;
  readonly family: string;
  readonly host?: string;
  readonly atMs: number;
}

export interface CoverageView {
  readonly stepMs: number;
  readonly steps: readonly Step[];
  readonly all: Counted;
  readonly scheduleShare: number | null;
  readonly clusters: readonly (Counted & { readonly cluster: string | null })[];
  /** The most frequent reason first, with its latest misses. */
  readonly reasons: readonly {
    readonly reason: string;
    readonly advice: string;
    readonly count: number;
    readonly latest: readonly Miss[];
  }[];
}

interface ClassView {
  readonly name: string;
  readonly inForce: boolean;
  readonly nodes: number;
  readonly intervalSeconds: number;
  readonly boundMs: number;
  readonly answers: number;
  readonly timeToAnswerMs: Percentiles | null;
  readonly late: number;
}

export interface MttaView {
  readonly stepMs: number;
  readonly steps: readonly { readonly atMs: number; readonly answers: number; readonly waits: Percentiles | null }[];
  readonly answers: number;
  readonly timeToAnswerMs: Percentiles | null;
  readonly classes: readonly ClassView[];
  readonly stages: readonly { readonly stage: string; readonly waits: Percentiles | null }[];
  readonly late: readonly {
    readonly workload: string;
    readonly host: string;
    readonly atMs: number;
    readonly timeToAnswerMs: number;
    readonly lateByMs: number;
  }[];
}

export interface LifeMoment {
  readonly atMs?: number;
  readonly stage: string;
  readonly what: string;
}

export interface LifeSubject {
  readonly name: string;
  readonly seen: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

export interface StoredRow {
  readonly atMs: number;
  readonly rule: string;
  readonly query: string;
  readonly set: string;
  readonly message: string;
  readonly columns: Readonly<Record<string, string>> | null;
}

export interface LifeView {
  readonly life: Life;
  readonly advice?: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly moments: readonly LifeMoment[];
  readonly subjects: readonly LifeSubject[];
}

/** The stored rows about one life, newest first. */
export interface RowsView {
  readonly rows: readonly StoredRow[];
  readonly hasMore: boolean;
}

export interface HostView {
  readonly host: string;
  readonly hostname?: string;
  readonly platform?: string;
  readonly profile?: string;
  readonly osqueryVersion?: string;
  readonly lastSeenAtMs?: number;
  /** Whether the node runs the configuration of its profile; absent if it has not reported one. */
  readonly isCurrent?: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly running: number;
  readonly lives: number;
  readonly missed: number;
  readonly issues: readonly {
    readonly kind: string;
    readonly sinceMs: number;
    readonly detail: string;
    readonly advice: string;
  }[];
}

export interface VersionHead {
  readonly version: number;
  readonly digest: string;
  readonly pushedAtMs: number;
  readonly pushedBy: string;
  readonly message: string;
  readonly isLive: boolean;
}

export interface VersionView extends VersionHead {
  readonly rules: readonly {
    readonly name: string;
    readonly answers: string;
    readonly queries: readonly { readonly name: string; readonly sql: string; readonly set: 'live' | 'post-mortem' }[];
  }[];
  readonly profiles: readonly string[];
  readonly sources: Readonly<Record<string, string>>;
}

export interface DiffView {
  readonly from: number;
  readonly to: number;
  /** One change a line, each beginning with its sign after spaces. */
  readonly text: string;
}

export type PlatformName = 'linux' | 'darwin' | 'windows';

/** osquery's tables, for completion. */
export interface SchemaView {
  readonly osquery: string;
  readonly tables: readonly {
    readonly name: string;
    readonly platforms: readonly PlatformName[];
    readonly columns: readonly (readonly [name: string, type: string, isRequired: boolean])[];
  }[];
}

export interface LintView {
  readonly problems: readonly {
    readonly severity: 'error' | 'warning';
    readonly message: string;
    readonly offset: number;
    readonly hint?: string;
  }[];
  readonly columns: readonly string[];
}

export type TargetKind = 'all' | 'host' | 'where' | 'cluster';

/** Which hosts to ask. `text` is empty for all. */
export interface TargetView {
  readonly kind: TargetKind;
  readonly text: string;
}

/** A query that can be asked, and what is known before it is. */
export interface PreparedView {
  readonly hosts: number;
  /** More hosts are meant than the policy lets one query reach. */
  readonly limitedFrom?: number;
  /** Hosts whose platform lacks a table of the query. */
  readonly lacking: number;
  /** Hosts whose agent has not polled for 15 minutes. */
  readonly away: number;
  readonly warnings: readonly string[];
}

export interface CampaignCountsView {
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  readonly silent: number;
  /** Those whose agent polls no more. */
  readonly away: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly rows: number;
}

export interface CampaignHead {
  readonly id: string;
  readonly sql: string;
  readonly target: string;
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
}

export interface HostAnswerView {
  readonly host: string;
  readonly hostname: string;
  readonly answeredAtMs: number;
  readonly status: number;
  readonly message: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly rowsSent: number;
}

/** A campaign with the answers from the one numbered `since` on. */
export interface CampaignView {
  readonly campaign?: CampaignHead;
  readonly refused?: string;
  readonly counts?: CampaignCountsView;
  readonly isOver: boolean;
  readonly answers: readonly HostAnswerView[];
}

/** The reply to a refused request. */
export interface Refusal {
  readonly error: string;
}
