import { cut } from '../text.ts';
import type { CampaignRow, KeptRows } from './campaign.ts';

const PAGE_BYTES = 100_000; // a table item takes 400 kB, and a reader gets several in one call
/** What all hosts of a campaign may keep together: at the price of writes, eight cents. */
const CAMPAIGN_BYTES = 64_000_000;
const HOST_BYTES = { least: 16_000, most: 1_000_000 };
/** Characters that the columns of a shortened row keep together; a character takes up to six bytes in JSON. */
const SHORTENED_CHARACTERS = 15_000;

/** How many bytes of rows each of so many hosts may keep. @example keepBytesOf(500) // 128000 */
export const keepBytesOf = (hosts: number): number =>
  Math.min(HOST_BYTES.most, Math.max(HOST_BYTES.least, Math.floor(CAMPAIGN_BYTES / Math.max(1, hosts))));

/** The first rows of an answer that fit into `keepBytes`, in pages. A row larger than a page is shortened. */
export function keptRows(rows: readonly CampaignRow[], keepBytes: number): KeptRows {
  const pages: CampaignRow[][] = [];
  let [total, inPage, kept, isShortened] = [0, 0, 0, false];
  for (const row of rows) {
    const isLong = bytesOf(row) > PAGE_BYTES;
    const fitting = isLong ? shortened(row) : row;
    const bytes = bytesOf(fitting);
    if (total + bytes > keepBytes) break;
    const page = pages.at(-1);
    if (page && inPage + bytes <= PAGE_BYTES) page.push(fitting);
    else {
      pages.push([fitting]);
      inPage = 0;
    }
    inPage += bytes;
    total += bytes;
    kept += 1;
    isShortened ||= isLong;
  }
  return { pages, kept, isShortened };
}

const bytesOf = (row: CampaignRow): number => Buffer.byteLength(JSON.stringify(row)) + 1;

function shortened(row: CampaignRow): CampaignRow {
  const columns = Object.entries(row).slice(0, SHORTENED_CHARACTERS / 10);
  const share = Math.floor(SHORTENED_CHARACTERS / 2 / Math.max(1, columns.length));
  return Object.fromEntries(columns.map(([name, value]) => [cut(name, share), cut(value, share)]));
}
