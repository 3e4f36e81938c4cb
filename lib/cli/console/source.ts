import type { CampaignRequest, Cancellation } from '../../core/campaigns/campaign-event.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Deployment } from '../deployment/deployment.ts';
import type { RowPage, RowSearch } from '../rows/search-rows.ts';

/** What the console works on: a Mayfly, its clock, and how to send events. */
export interface ConsoleSource {
  readonly deployment: Deployment;
  readonly version: string;
  readonly sinceMs: number;
  /** The shortest time between two reads of the ledger, ms. */
  readonly everyMs: number;
  readonly rows: (search: RowSearch) => Promise<RowPage>;
  /** Whether a search for rows costs money. If so, a person has to start it. */
  readonly areRowsDear: boolean;
  /** Sends an event about a campaign. */
  readonly put: (detail: CampaignRequest | Cancellation) => Promise<void>;
  readonly asker: () => Promise<string>;
  readonly builtIn: () => Promise<Policy>;
  readonly now: () => number;
}

/** Answers one path of the API. */
export type Handler = (query: URLSearchParams, body: unknown) => Promise<unknown>;
