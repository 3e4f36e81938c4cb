import Table from 'cli-table3';
import { seconds } from './frame.ts';
import { groups, type Score, score, type TaskCard } from './scoreboard.ts';

/** The summary as data: one entry a row of the table. */
export const summary = (cards: readonly TaskCard[], nowMs: number): readonly ({ group: string } & Score)[] =>
  groups(cards, nowMs).map(([group, members]) => ({ group, ...score(members) }));

/** The summary as a table for people. Shares are of the tasks that started a container. */
export function summaryTable(cards: readonly TaskCard[], nowMs: number): string {
  const table = new Table({
    head: [
      'tasks that',
      '',
      'seen alive',
      'post-mortem',
      'Mayfly',
      'every 60 s',
      'missed',
      'pending',
      'answer p50',
      'p95',
      'max',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', ...Array<'right'>(10).fill('right')],
  });
  for (const { group, ...row } of summary(cards, nowMs)) {
    const share = (part: number): string => (row.started === 0 ? '–' : `${Math.round((part / row.started) * 100)} %`);
    const wait = row.timeToAnswerMs;
    table.push([
      group,
      row.started,
      row.seen,
      row.postMortem,
      share(row.seen + row.postMortem),
      share(row.bySchedule),
      row.missed,
      row.pending,
      ...(wait ? [seconds(wait.p50), seconds(wait.p95), seconds(wait.max)] : ['–', '–', '–']),
    ]);
  }
  const stillborn = score(cards).neverStarted;
  const note =
    stillborn > 0 ? `\n${stillborn} more never started a container (image pull failed): nothing to see.` : '';
  return `${table.toString()}${note}`;
}
