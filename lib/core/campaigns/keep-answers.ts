import type { Node } from '../nodes/node.ts';
import type { DeliveredQuery } from '../queue/delivery.ts';
import { cut } from '../text.ts';
import { together } from '../together.ts';
import type { CampaignRow, Campaigns } from './campaign.ts';
import { keptRows } from './kept-rows.ts';

/** Texts of agents have any length, and every reader of a campaign gets them. */
const MAX_HOSTNAME = 255;
const MAX_MESSAGE = 1_000;

/** An answer to a delivered query. */
export interface DeliveredAnswer {
  readonly query: DeliveredQuery;
  /** Identifies the run, the same in every copy of the answer. */
  readonly run: string;
  readonly status: number;
  readonly message: string;
  readonly rows: readonly CampaignRow[];
}

/** Keeps the answers to campaigns among these, and ignores the others. Idempotent. */
export async function keepAnswers(
  { host, identity }: Node,
  answers: readonly DeliveredAnswer[],
  campaigns: Pick<Campaigns, 'keepAnswer'>,
  nowMs: number,
): Promise<void> {
  const asked = answers.flatMap((answer) =>
    answer.query.askers.flatMap(({ campaign }) => (campaign ? [{ answer, campaign }] : [])),
  );
  await together(asked, ({ answer: { run, status, message, rows }, campaign: { id, keepBytes } }) =>
    campaigns.keepAnswer(id, {
      host,
      hostname: cut(identity.hostname, MAX_HOSTNAME),
      run,
      status,
      message: cut(message, MAX_MESSAGE),
      rows: rows.length,
      keep: keptRows(rows, keepBytes),
      answeredAtMs: nowMs,
    }),
  );
}
