import { CAMPAIGN_ID, type CampaignRecord } from '../../core/campaigns/campaign.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { CommandError } from '../errors/command-error.ts';
import { ambiguous } from '../names/hosts-named.ts';
import { printable } from '../terminal/print.ts';

/** A prefix of an id is looked up among this many of the latest campaigns. */
const RECENT = 100;

/** Whether a text is the id of a campaign or the beginning of one: SQL has blanks. */
export const isCampaignName = (text: string): boolean => /^[a-z0-9]{3,10}$/.test(text);

/**
 * The campaign that an operator means: by its id, or a unique beginning of one of the latest.
 *
 * @throws {CommandError} `NOT_FOUND`, or `AMBIGUOUS` listing the candidates
 */
export async function campaignNamed(text: string, { campaigns, name, chosen }: Deployment): Promise<CampaignRecord> {
  const id = CAMPAIGN_ID.test(text) ? text : await whole(text, await campaigns.recent(RECENT));
  const found = id === undefined ? undefined : await campaigns.find(id);
  if (found) return found;
  const next = `"npx mayfly queries${chosen}" lists those of 90 days`;
  throw new CommandError('NOT_FOUND', `there is no query ${printable(text)} at ${name}`, { next });
}

async function whole(text: string, recent: readonly { readonly id: string }[]): Promise<string | undefined> {
  const [id, ...others] = recent.map((one) => one.id).filter((one) => one.startsWith(text));
  if (id !== undefined && others.length > 0) throw ambiguous(text, [id, ...others], 'queries');
  return id;
}
