import Table from 'cli-table3';
import { isoOf } from '../../lib/cli/terminal/iso.ts';
import { prose } from '../../lib/cli/terminal/print.ts';
import { brief, percent, seconds } from './frame.ts';
import { groups, type Score, score, type TaskCard } from './scoreboard.ts';

/** Returns the summary as data: one entry per row of the table. */
export const summary = (cards: readonly TaskCard[], nowMs: number): readonly ({ group: string } & Score)[] =>
  groups(cards, nowMs).map(([group, members]) => ({ group, ...score(members) }));

/** Returns a task for programs. */
export const taskOf = ({ arn, family, host, verdict, reason, bySchedule, fetchedAfterMs, ...times }: TaskCard) => ({
  ...{ arn, family, host, verdict, reason },
  startedAt: isoOf(times.startedAtMs),
  endedAt: isoOf(times.endedAtMs),
  answeredAt: isoOf(times.answeredAtMs),
  ...{ fetchedAfterMs, bySchedule },
});

const RULED = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', left: '', right: '', middle: ' ' };
const OPEN = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
const END = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };

const LEGEND = `alive: seen while it ran · after: seen post-mortem
Mayfly, 60 s schedule: share seen by Mayfly, and by a query scheduled every
60 s on the very same hosts; what may still be seen is left out of either
p95, max: from the container's start to its first stored row`;

/** Formats the summary as a text table at most 78 columns wide. */
export function summaryTable(cards: readonly TaskCard[], nowMs: number): string {
  const table = new Table({
    head: ['\ntasks', '', '\nalive', '\nafter', '\nMayfly', '60 s\nschedule', '\nmissed', '\npending', '\np95, max'],
    chars: { ...RULED, ...OPEN, ...END },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
  });
  for (const { group, ...row } of summary(cards, nowMs)) {
    const wait = row.timeToAnswerMs;
    table.push([
      group,
      row.started,
      row.seen,
      row.postMortem,
      percent(row.share),
      percent(row.scheduleShare),
      row.missed,
      row.started - row.seen - row.postMortem - row.missed, // without the tasks that have no container yet
      wait ? [wait.p95, wait.max].map(seconds).join(', ') : '–',
    ]);
  }
  const stillborn = score(cards).neverStarted;
  const note =
    stillborn > 0 ? `\n${stillborn} more never started a container (image pull failed): nothing to see.` : '';
  return `${table.toString()}\n\n${LEGEND}${note}`;
}

/** Formats the final summary as text. */
export function closing(cards: readonly TaskCard[], flags: string, isHeld: boolean): string {
  const { pending } = score(cards);
  const note = pending > 0 ? `\n\n${inLines(stillPending(pending))}` : '';
  return `\n${summaryTable(cards, Date.now())}\n\n${inLines(frontNote(cards, isHeld))}${note}\n\n${nextSteps(cards, flags)}\n`;
}

/** Wraps each line to the width of the terminal. */
const inLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => prose(line))
    .join('\n');

/** Says how long queries waited for their agents, which the front decides. */
export function frontNote(cards: readonly TaskCard[], isHeld: boolean): string {
  const waits = score(cards).timeToFetchMs;
  if (!waits) return 'No query reached an agent.';
  const took = `${brief(waits.p50)} after it was queued at the median, ${brief(waits.max)} at most`;
  return isHeld
    ? `Reads were held, and answered when work came: agents had a query ${took}.\nPolls, "npm start" without --front service, take 10 s at most, and 5 s while their host is hot.`
    : `Agents polled: they had a query ${took}.\nTry "npm start -- --front service", which holds their reads and answers when work comes.`;
}

/** Explains what happens to tasks without a verdict when the demo ends. */
export const stillPending = (tasks: number): string =>
  `${tasks} ${tasks === 1 ? 'task is' : 'tasks are'} still pending: their hosts gave no answer before the demo ended.
Once their queries expire, "npx mayfly coverage" counts them as missed.`;

/** Suggests commands to run after the summary. @param flags flags that select this Mayfly on a command line */
export function nextSteps([task]: readonly TaskCard[], flags: string): string {
  const commands = ['console', 'coverage', 'missed', ...(task ? [`task ${task.arn}`] : [])];
  return `Look closer; all of it was kept:\n${commands.map((command) => `  npx mayfly ${command}${flags}`).join('\n')}`;
}
