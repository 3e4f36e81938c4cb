import type { Contest } from '../nodes/learn-instance.ts';
import type { Report } from '../report.ts';
import { type Findings, noteFinding } from './finding.ts';

/** Notes that two living hosts claim to be one instance, and which of them is asked about it. */
export async function noteContest(
  { instance, winner, loser }: Contest,
  deps: { readonly findings: Findings; readonly report: Report; readonly now: () => number },
): Promise<void> {
  const detail = `${loser} claims to be ${instance} as well; ${winner} is asked about it`;
  await noteFinding({ kind: 'identity-contested', host: loser, detail }, deps);
}
