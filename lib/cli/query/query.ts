import { randomBytes } from 'node:crypto';
import { CAMPAIGN_EVENT, type CampaignRequest, type Cancellation } from '../../core/campaigns/campaign-event.ts';
import { lintAdHoc } from '../../policy-compiler/index.ts';
import { type BusFlags, putEvent } from '../deployment/bus.ts';
import { livePolicyOf, withDeployment } from '../deployment/deployment.ts';
import { pasted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { confirm } from '../terminal/confirm.ts';
import { count, note, printable, say, sayJson, when } from '../terminal/print.ts';
import { askerOf } from './asker.ts';
import { campaignNamed, isCampaignName } from './campaign-named.ts';
import { type Prepared, prepare } from './prepare.ts';
import { csvRows, jsonRows, type RowPrinter, tableRows } from './print-rows.ts';
import type { TargetFlags } from './targets.ts';
import { type Until, watch } from './watch.ts';

/** The flags of `mayfly query`. */
export interface QueryFlags extends BusFlags, TargetFlags {
  readonly resume?: string;
  readonly cancel: boolean;
  readonly expires: number; // seconds
  readonly timeout?: number; // seconds
  readonly exitWhen?: number;
  readonly yes: boolean;
  readonly json: boolean;
  readonly csv: boolean;
}

/** Asking more hosts needs a confirmation. */
const MANY = 20;

/** Asks hosts a query and streams their rows, resumes that, or cancels it. */
export async function query(text: string | undefined, flags: QueryFlags): Promise<void> {
  const id = flags.resume ?? (text !== undefined && isCampaignName(text) ? text : undefined);
  if (id !== undefined) {
    if (isTargeted(flags)) throw wrong(`${id} has its hosts already: leave the target out`);
    return flags.cancel ? cancel(id, flags) : resume(id, flags);
  }
  if (flags.cancel) throw wrong('--cancel needs the id of a query', `"npx mayfly queries${pasted(flags)}" lists them`);
  if (text === undefined || text.trim() === '')
    throw wrong('there is no query', 'add SQL, such as "SELECT * FROM os_version", or --resume ID');
  if (!isTargeted(flags)) throw wrong('no hosts are named', 'add --host H, --where CONDITIONS, --cluster C or --all');
  return ask(text, flags);
}

const wrong = (message: string, next?: string): CommandError =>
  new CommandError('COMMAND_LINE_INVALID', message, { next });

const isTargeted = ({ host, where, cluster, all }: TargetFlags): boolean =>
  host !== undefined || where !== undefined || cluster !== undefined || all === true;

async function ask(sql: string, flags: QueryFlags): Promise<void> {
  const prepared = await withDeployment(flags, (deployment) => prepare(sql, flags, deployment));
  for (const warning of prepared.warnings) note(`Warning: ${printable(warning)}`);
  // Confirms while no connection is open, because an operator may take their time.
  await confirmed(prepared, flags);
  const campaign = newId();
  const question: CampaignRequest = {
    ...prepared.question,
    campaign,
    askedBy: await askerOf(flags),
    expiresSeconds: flags.expires,
  };
  await putEvent(flags, CAMPAIGN_EVENT, question);
  return watch({ ...untilOf(flags), id: campaign, printer: printerOf(campaign, flags, prepared.columns) }, flags);
}

async function resume(name: string, flags: QueryFlags): Promise<void> {
  const { id, columns } = await withDeployment(flags, async (deployment) => {
    const { id, sql } = await campaignNamed(name, deployment);
    const { sources } = await livePolicyOf(deployment);
    return { id, columns: lintAdHoc(sql, ['linux', 'darwin', 'windows'], sources).columns };
  });
  return watch({ ...untilOf(flags), id, printer: printerOf(id, flags, columns) }, flags);
}

const untilOf = ({ timeout, exitWhen }: QueryFlags): Until => ({ timeoutSeconds: timeout, exitWhen });

function printerOf(id: string, { json, csv }: QueryFlags, columns: readonly string[] | undefined): RowPrinter {
  if (json) return jsonRows(id);
  return csv ? csvRows(columns) : tableRows(columns);
}

async function cancel(name: string, flags: QueryFlags): Promise<void> {
  const { id } = await withDeployment(flags, (deployment) => campaignNamed(name, deployment));
  const cancellation: Cancellation = { campaign: id, cancel: true };
  await putEvent(flags, CAMPAIGN_EVENT, cancellation);
  if (flags.json) return sayJson({ campaign: id, cancelled: true });
  say(`${id} is being cancelled: hosts that have not taken it will not get it.`);
}

/** A random id of ten characters that are easy to copy. */
export const newId = (): string =>
  [...randomBytes(10)].map((byte) => 'abcdefghijkmnpqrstuvwxyz23456789'.charAt(byte % 32)).join('');

async function confirmed({ hosts, limitedFrom, lacking, away }: Prepared, flags: QueryFlags): Promise<void> {
  if (limitedFrom !== undefined)
    note(`${limitedFrom} hosts are meant; hosts_per_trigger of the policy lets one query ask ${hosts} of them.`);
  if (lacking > 0) note(`${count(lacking, 'host')} will not be asked: the platform lacks a table of the query.`);
  if (away > 0) note(`${count(away, 'host')} of them polled last more than 15 minutes ago, and will answer when back.`);
  if (hosts <= MANY) return;
  await confirm(`Ask ${count(hosts, 'host')}, until ${when(Date.now() + flags.expires * 1000)}?`, flags.yes);
}
