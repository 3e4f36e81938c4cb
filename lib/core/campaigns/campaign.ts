/** One ad-hoc query that a person asks of many hosts. */
export interface Campaign {
  /** Ten characters, chosen by the asker's command: the same event twice is one campaign. */
  readonly id: string;
  readonly sql: string;
  /** Who asked, as the asker's command reports it: the ARN of the caller in AWS, the user of the operating system locally. */
  readonly askedBy: string;
  /** The target as the asker named it. @example 'profile=db,tag:env=prod' */
  readonly target: string;
  readonly askedAtMs: number;
  /** After this time, no host gets the query. */
  readonly expiresAtMs: number;
}

/** How far a campaign has come. */
export interface CampaignProgress {
  /** Whether the query is queued for every host of the target. @default false */
  readonly isQueued?: boolean;
  /** Whether more hosts match the target than the policy lets one trigger reach. @default false */
  readonly isLimited?: boolean;
  /** Why the campaign asks no host. @default - it was not refused */
  readonly refused?: string;
  /** @default - it was not cancelled */
  readonly cancelledAtMs?: number;
}

/** A campaign as it is stored. */
export interface CampaignRecord extends Campaign, CampaignProgress {}

/** A row as osquery sends it. */
export type CampaignRow = Readonly<Record<string, string>>;

/** The answer of one host, without its rows. */
export interface CampaignAnswer {
  /** The run that was answered: a resent answer has the same. */
  readonly run: string;
  readonly status: number; // 0 if the query succeeded
  readonly message: string;
  readonly rows: number; // that the host sent
  /** Rows that are kept in the table for `ROWS_KEPT_MS`. All rows are in the results. */
  readonly kept: number;
  readonly pages: number; // that hold the kept rows
  /** Whether values of kept rows were shortened. @default false */
  readonly isShortened?: boolean;
  readonly answeredAtMs: number;
}

/** One host of a campaign. */
export interface CampaignHost {
  readonly host: string;
  readonly hostname: string;
  readonly askedAtMs: number;
  /** When its agent had last polled, as far as the directory knew; at most five minutes behind. */
  readonly lastSeenMs?: number;
  /** Why the query was not queued for this host. @default - it was queued */
  readonly refused?: HostRefusal;
  readonly answer?: CampaignAnswer;
}

/**
 * `no-node`: no node of that name is enrolled. `not-on-platform`: its platform lacks a table of the query. `limited`: too many
 * queries wait for it.
 */
export type HostRefusal = 'no-node' | 'not-on-platform' | 'limited';

/** Rows to keep, in pages that fit into table items. */
export interface KeptRows {
  readonly pages: readonly (readonly CampaignRow[])[];
  readonly kept: number;
  readonly isShortened: boolean;
}

/** An answer with the rows to keep. */
export interface NewAnswer {
  readonly host: string;
  readonly hostname: string;
  readonly run: string;
  readonly status: number;
  readonly message: string;
  readonly rows: number;
  readonly keep: KeptRows;
  readonly answeredAtMs: number;
}

/** Campaigns, their hosts, and for an hour the rows of their answers. */
export interface Campaigns {
  /** Records a campaign. @returns the campaign stored under its id: an earlier one, if there is one */
  begin(campaign: Campaign): Promise<CampaignRecord>;
  find(id: string): Promise<CampaignRecord | undefined>;
  /** Changes the progress of a campaign that exists. */
  recordProgress(id: string, progress: CampaignProgress): Promise<void>;
  /** The latest campaigns, newest first. */
  recent(limit: number): Promise<readonly Campaign[]>;
  /** Records a host that is asked, or why it is not; keeps an answer that came already. */
  recordHost(id: string, host: Omit<CampaignHost, 'answer'>): Promise<void>;
  /**
   * Stores an answer durably. Idempotent: the first run that succeeded counts, or else the first failure.
   */
  keepAnswer(id: string, answer: NewAnswer): Promise<void>;
  /** Every host of a campaign, in no order. */
  hosts(id: string): Promise<readonly CampaignHost[]>;
  /** The kept rows of these hosts, by host. Rows that are older than `ROWS_KEPT_MS` are missing. */
  rows(id: string, hosts: readonly CampaignHost[], nowMs: number): Promise<ReadonlyMap<string, readonly CampaignRow[]>>;
}

/** Rows of answers are kept in the table for an hour; Firehose gets them all, for as long as the bucket keeps them. */
export const ROWS_KEPT_MS = 3_600_000;

/** Campaigns and their hosts are kept for 90 days, as a record of who asked which hosts what. */
export const CAMPAIGNS_KEPT_MS = 90 * 24 * 3_600_000;

/** The form of a campaign's id. */
export const CAMPAIGN_ID = /^[a-z0-9]{10}$/;
