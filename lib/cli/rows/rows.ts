import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { pasted, quoted } from '../deployment/deployment-flags.ts';
import { hostOr } from '../names/hosts-named.ts';
import { workloadNamed } from '../names/workload-named.ts';
import { withIsoTimes } from '../terminal/iso.ts';
import { sayMore } from '../terminal/paging.ts';
import { printable, say, sayJson, when } from '../terminal/print.ts';
import { checkSpan } from '../terminal/times.ts';
import { rowsCsv, rowsText } from './rows-text.ts';
import { type RowPage, type RowSearch, type RowsDeployment, searchRows } from './search-rows.ts';
import { spanOf } from './span.ts';
import type { RowFilter } from './stored-row.ts';

export interface RowsFlags extends RowsDeployment {
  readonly since?: number;
  readonly until?: number;
  readonly host?: string;
  readonly rule?: string;
  readonly query?: string;
  readonly limit: number;
  readonly skip: number;
  readonly json: boolean;
  readonly csv: boolean;
}

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** Prints stored rows, newest first. */
export async function rows(name: string | undefined, flags: RowsFlags): Promise<void> {
  const nowMs = Date.now();
  const filter = await withDeployment(flags, (deployment) => filterOf(name, flags, deployment, nowMs));
  const search = { filter, skip: flags.skip, limit: flags.limit };
  const page = await searchRows(flags, search);
  if (flags.json) for (const row of page.rows) sayJson(withIsoTimes(row));
  else if (flags.csv) say(rowsCsv(page.rows));
  else say(page.rows.length > 0 ? rowsText(page.rows) : noneText(filter, flags));
  if (page.hasMore) sayMore(nextOf(name, search, page, flags), flags);
}

async function filterOf(
  name: string | undefined,
  flags: RowsFlags,
  deployment: Deployment,
  nowMs: number,
): Promise<RowFilter> {
  const { rule, query } = flags;
  const record = name !== undefined && isWorkload(name) ? await workloadNamed(name, deployment, nowMs) : undefined;
  const host = flags.host === undefined ? undefined : await hostOr(flags.host, deployment);
  const span = record ? spanOf(record, nowMs) : { fromMs: nowMs - DAY_MS, untilMs: nowMs + HOUR_MS };
  const { since: fromMs = span.fromMs, until: untilMs = span.untilMs } = flags;
  checkSpan(fromMs, untilMs);
  return {
    fromMs,
    untilMs,
    ...{ host, rule, query, workload: record?.workload, named: record ? undefined : name },
  };
}

/** Whether a name can be that of a workload; else it is that of a rule, a query or a campaign. */
const isWorkload = (name: string): boolean => /^(arn:|i-[0-9a-f]|([\w-]+\/)?[0-9a-f]{4})/.test(name);

function noneText({ fromMs, named }: RowFilter, flags: RowsFlags): string {
  const what =
    named === undefined ? 'No such rows' : `No rows of a workload, rule, query or campaign ${printable(named)}`;
  const until = flags.until === undefined ? '' : ` until ${when(flags.until)}`;
  return `${what} since ${when(fromMs)}${until}. Try --since 1w, or see what ran: npx mayfly tasks${pasted(flags)}`;
}

/** The command for the next page. It leaves out as many rows of the same millisecond as this page has shown. */
function nextOf(name: string | undefined, { filter }: RowSearch, { rows }: RowPage, flags: RowsFlags): string {
  const lastMs = rows.at(-1)?.storedAtMs ?? filter.untilMs;
  const shown = rows.filter(({ storedAtMs }) => storedAtMs === lastMs).length;
  const isSame = lastMs === flags.until; // the page before ended in the same millisecond
  const given = [
    ...(name === undefined ? [] : [quoted(name)]),
    ...(['host', 'rule', 'query', 'database', 'workgroup'] as const).flatMap((option) =>
      flags[option] === undefined ? [] : [`--${option} ${quoted(flags[option])}`],
    ),
    `--since ${new Date(filter.fromMs).toISOString()} --until ${new Date(lastMs).toISOString()}`,
    `--skip ${shown + (isSame ? flags.skip : 0)} --limit ${flags.limit}`,
  ];
  return `npx mayfly rows ${given.join(' ')}${pasted(flags)}`;
}
