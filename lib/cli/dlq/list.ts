import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { withParts } from '../deployment/parts.ts';
import { count, printable, prose, say, sayJson, when } from '../terminal/print.ts';
import { DeadLetters } from './dead-letters.ts';
import { errorsOf, type LetterReport, LIST_NEEDS, reportOf } from './described.ts';

/** The first characters of an id that `list` shows. */
const SHORT_ID = 8;

/** Lists the dead letters of all queues, the oldest first. */
export async function list(flags: DeploymentFlags & { limit: number; json: boolean }): Promise<void> {
  const { reports, total, name, chosen } = await withParts(flags, LIST_NEEDS, async (parts) => {
    const letters = new DeadLetters(parts);
    try {
      const queues = await letters.queues();
      const found = await letters.all(flags.limit);
      const errors = await errorsOf(found, parts);
      const total = queues.reduce((sum, { messages }) => sum + messages, 0);
      return { reports: found.map((one) => reportOf(one, errors)), total, name: parts.name, chosen: parts.chosen };
    } finally {
      letters.close();
    }
  });
  if (flags.json) return sayJson(reports);
  if (reports.length === 0) return say(`There are no dead letters at ${name}.`);
  for (const report of reports) say(linesOf(report));
  if (total > reports.length) say(`\nThese are ${reports.length} of about ${total}: --limit shows more.`);
  say(
    `\n${count(reports.length, 'dead letter')}. Fix the cause, then: npx mayfly dlq redrive --all${chosen}\n` +
      `One in full: npx mayfly dlq show ${reports[0]?.id.slice(0, SHORT_ID)}${chosen}`,
  );
}

function linesOf({ id, queue, sentAt, event, failure }: LetterReport): string {
  const what = [event.detailType ?? 'no event', event.about ?? ''].filter(Boolean).map(printable).join(', ');
  const why = failure ? printable(failure.error.split('\n', 1)[0] ?? '') : 'the log no longer says why';
  return `${id.slice(0, SHORT_ID)}  ${when(Date.parse(sentAt))}  ${queue ?? 'of an unknown queue'}\n${prose(what, '    ')}\n${prose(why, '    ')}`;
}
