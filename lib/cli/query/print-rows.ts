import type { CampaignRow } from '../../core/campaigns/campaign.ts';
import type { HostAnswer } from '../../core/campaigns/follow.ts';
import { csv } from '../terminal/csv.ts';
import { columns, escaped, printable } from '../terminal/print.ts';
import { shortened } from '../terminal/table.ts';

/** Turns answers into lines of standard output, as they arrive. */
export interface RowPrinter {
  linesOf(answer: HostAnswer): string[];
}

/** One JSON object a line: a row, or the failure of a host. */
export const jsonRows = (campaign: string): RowPrinter => ({
  linesOf: ({ host, hostname, answeredAtMs, status, message, rows }) => {
    const common = { campaign, host, hostname, answeredAt: new Date(answeredAtMs).toISOString() };
    if (status !== 0) return [escaped({ ...common, error: message || 'osquery gave no reason' })];
    return rows.map((row) => escaped({ ...common, columns: row }));
  },
});

/** CSV with a heading. */
export function csvRows(known: readonly string[] | undefined): RowPrinter {
  let names = known;
  return {
    linesOf: ({ host, hostname, rows }) => {
      const [first] = rows;
      if (!first) return [];
      const isFirst = names === undefined || names === known;
      const fixed = isFirst ? [...new Set([...(names ?? []), ...Object.keys(first)])] : (names ?? []);
      names = fixed;
      const lines = rows.map((row) => [host, hostname, ...fixed.map((name) => fieldOf(row, name))]);
      return [csv(isFirst ? [['host', 'hostname', ...fixed], ...lines] : lines)];
    },
  };
}

/** Cells of tables for people are cut to this many characters. Other formats keep them whole. */
const MAX_CELL = 80;

/** A table for people. Rows arrive in parts, so columns may become wider later; a heading is printed whenever columns change. */
export function tableRows(known: readonly string[] | undefined): RowPrinter {
  let [heading, widths]: [string, number[]] = ['', []];
  return {
    linesOf: ({ host, hostname, rows }) => {
      const [first] = rows;
      if (!first) return [];
      const names = known && sameNames(known, first) ? known : Object.keys(first);
      const head = ['host', 'hostname', ...names];
      const cells = rows.map((row) => [host, hostname, ...names.map((name) => fieldOf(row, name))].map(cellOf));
      const isNew = heading !== head.join('\0');
      heading = head.join('\0');
      const pad = head.map((_, at) => ' '.repeat(isNew ? 0 : (widths[at] ?? 0)));
      const lines = columns([pad, ...(isNew ? [head.map(cellOf)] : []), ...cells])
        .split('\n')
        .slice(1);
      widths = head.map((name, at) =>
        Math.max(isNew ? cellOf(name).length : (widths[at] ?? 0), ...cells.map((row) => row[at]?.length ?? 0)),
      );
      return lines;
    },
  };
}

const sameNames = (known: readonly string[], row: CampaignRow): boolean =>
  known.length === Object.keys(row).length && known.every((name) => Object.hasOwn(row, name));

const fieldOf = (row: CampaignRow, name: string): string => (Object.hasOwn(row, name) ? (row[name] ?? '') : '');

const cellOf = (text: string): string => shortened(printable(text), MAX_CELL) || '-';
