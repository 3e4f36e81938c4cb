import type { CampaignRequest } from '../../core/campaigns/campaign-event.ts';
import { MAX_NAMED_HOSTS } from '../../core/campaigns/campaign-event.ts';
import { ALL_ALLOWED, refusalOf } from '../../core/campaigns/check-sql.ts';
import { isAway } from '../../core/campaigns/follow.ts';
import type { Platform } from '../../core/policy/policy.ts';
import { platformOf } from '../../core/queue/on-platform.ts';
import { type AdHocReport, lintAdHoc } from '../../policy-compiler/index.ts';
import { type Deployment, livePolicyOf } from '../deployment/deployment.ts';
import { CommandError } from '../errors/command-error.ts';
import { printable } from '../terminal/print.ts';
import { type TargetFlags, targetsOf } from './targets.ts';

/** A query that may be asked of its target, and what is known before it is. */
export interface Prepared {
  readonly question: Pick<CampaignRequest, 'sql' | 'target' | 'hosts' | 'where' | 'platforms'>;
  /** How many hosts will be asked. */
  readonly hosts: number;
  /** How many hosts match, if the policy allows fewer for one trigger; undefined if all are asked. */
  readonly limitedFrom?: number;
  /** Hosts whose platform lacks a table of the query. */
  readonly lacking: number;
  /** Hosts whose agent has not polled for 15 minutes: they answer when they come back. */
  readonly away: number;
  readonly warnings: readonly string[];
  readonly columns?: readonly string[];
}

const ALL_PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];

/**
 * Finds the hosts of a question, and checks its SQL against the policy and against osquery's tables on their platforms.
 *
 * @throws {CommandError} `REFUSED` for SQL that the policy forbids or that osquery would refuse, `NOT_FOUND` if it reaches no
 *   host
 */
export async function prepare(sql: string, flags: TargetFlags, deployment: Deployment): Promise<Prepared> {
  const { policy, sources } = await livePolicyOf(deployment);
  const { adHoc = ALL_ALLOWED, limits } = policy;
  const refusal = refusalOf(sql.trim(), adHoc);
  if (refusal !== undefined) throw new CommandError('REFUSED', refusal);
  const { text, asked, nodes } = await targetsOf(flags, deployment);
  const platforms = nodes.map(({ platform }) => platformOf(platform));
  const report = checked(sql, platforms, sources);
  const able = nodes.filter((_, at) => isAmong(platforms[at], report.platforms));
  const meant = able.length;
  if (meant > MAX_NAMED_HOSTS && 'hosts' in asked)
    throw new CommandError('REFUSED', `more than ${MAX_NAMED_HOSTS} hosts by name`, { next: 'use --where or --all' });
  return {
    question: { sql: sql.trim(), target: text, ...asked, platforms: report.platforms },
    hosts: Math.min(meant, limits.hostsPerTrigger),
    limitedFrom: meant > limits.hostsPerTrigger ? meant : undefined,
    lacking: nodes.length - meant,
    away: able.filter((node) => isAway(node, Date.now())).length,
    warnings: report.problems.map(({ message, hint }) => (hint ? `${message} (${hint})` : message)),
    columns: report.columns,
  };
}

const isAmong = (platform: Platform | undefined, platforms: readonly Platform[]): boolean =>
  platform === undefined || platforms.includes(platform);

/** @throws {CommandError} for SQL that osquery would refuse */
function checked(
  sql: string,
  platforms: readonly (Platform | undefined)[],
  sources: Readonly<Record<string, string>>,
): AdHocReport {
  const its = ALL_PLATFORMS.filter((one) => platforms.includes(one));
  const report = lintAdHoc(sql, its.length > 0 ? its : ['linux'], sources);
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return report;
  const [first, ...others] = errors.map(({ message, hint }) => printable(hint ? `${message} (${hint})` : message));
  throw new CommandError('REFUSED', `osquery would refuse this SQL: ${[first, ...others].join('; ')}`);
}
