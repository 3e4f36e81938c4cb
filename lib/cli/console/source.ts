import type { Cancellation, Question } from '../../core/campaigns/campaign-event.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Deployment } from '../deployment/deployment.ts';
import type { RowPage, RowSearch } from '../rows/search-rows.ts';

/** What the console shows and asks: a Mayfly, a clock, and the ways out. */
export interface ConsoleSource {
  readonly deployment: Deployment;
  readonly version: string;
  readonly sinceMs: number;
  /** The shortest time between two looks at the ledger. */
  readonly everyMs: number;
  readonly rows: (search: RowSearch) => Promise<RowPage>;
  /** Whether a search for rows costs money: then the page searches only when a person asks it to. */
  readonly areRowsDear: boolean;
  /** Sends an event about a campaign. */
  readonly put: (detail: Question | Cancellation) => Promise<void>;
  readonly asker: () => Promise<string>;
  readonly builtIn: () => Promise<Policy>;
  readonly now: () => number;
}

/** Answers one path of the API. */
export type Handler = (query: URLSearchParams, body: unknown) => Promise<unknown>;
