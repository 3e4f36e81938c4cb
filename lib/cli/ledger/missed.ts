import { grouped } from '../../core/grouped.ts';
import { adviceOn } from '../../core/ledger/advice.ts';
import { byCount, clusterOf } from '../../core/ledger/coverage.ts';
import { verdictOf } from '../../core/ledger/verdict.ts';
import type { MissReason } from '../../core/ledger/workload.ts';
import { type Deployment, withDeployment } from '../deployment/deployment.ts';
import { pasted } from '../deployment/deployment-flags.ts';
import { colours, columns, count, printable, prose, say, sayJson, when } from '../terminal/print.ts';
import { meant, nothing, type SinceFlags, sinceThen } from './coverage.ts';

/** A workload with the verdict missed. */
interface Miss {
  readonly workload: string;
  readonly cluster: string | null;
  readonly host: string | null;
  readonly firstEventAt: string;
  readonly reason: MissReason;
  readonly advice: string;
}

/** Lists missed workloads by reason and advice, the most frequent reason first. */
export async function missed(flags: SinceFlags): Promise<void> {
  const nowMs = Date.now();
  const search = async ({ ledgerIndex }: Deployment) => {
    const found: Miss[] = [];
    for await (const record of meant(sinceThen(ledgerIndex, flags, nowMs), flags)) {
      const verdict = verdictOf(record, nowMs);
      if (verdict.verdict !== 'missed') continue;
      found.push({
        workload: record.workload,
        cluster: clusterOf(record),
        host: record.handling?.host ?? null,
        firstEventAt: new Date(record.firstEventAtMs).toISOString(),
        reason: verdict.reason,
        advice: adviceOn(verdict.reason, record),
      });
    }
    return { misses: found, none: found.length === 0 ? await nothing(ledgerIndex, flags, nowMs) : undefined };
  };
  const { misses, none } = await withDeployment(flags, search, 'follows');
  if (flags.json) return sayJson(misses);
  if (misses.length === 0) return say(none ?? `Nothing was missed since ${when(flags.since)}.`);
  const paint = colours();
  const groups = [...grouped(misses, ({ reason }) => reason)];
  const reasons = groups.sort(([a, some], [b, others]) => byCount([a, some.length], [b, others.length]));
  for (const [reason, those] of reasons) {
    say(`${paint.red(reason)}: ${count(those.length, 'workload')}`);
    for (const [advice, alike] of grouped(those, ({ advice }) => advice)) {
      const rows = alike.map(({ firstEventAt, workload, host }) => [
        `  ${when(Date.parse(firstEventAt))}`,
        printable(workload),
        host ? `on ${printable(host)}` : '',
      ]);
      say(`${prose(advice, '  ')}\n${columns(rows)}\n`);
    }
  }
  say(`One workload as a timeline: npx mayfly task ARN${pasted(flags)}`);
}
