import { setTimeout } from 'node:timers/promises';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { withParts } from '../deployment/parts.ts';
import { colours, hanging, note, printable, say, sayJson, when } from '../terminal/print.ts';
import type { Kind } from './kinds.ts';
import type { LogLine, LogSource } from './log-line.ts';
import { LOGS_NEED, openLogs } from './log-source.ts';
import { eventsOf, type Moment, momentsOf } from './moments.ts';

/** What to show. */
interface Shown {
  readonly host?: string;
  readonly kind?: readonly Kind[];
  readonly follow: boolean;
}

interface TailFlags extends DeploymentFlags, Shown {
  readonly json: boolean;
  readonly since?: number;
}

/** Shows what happens until Ctrl-C, or what happened so far. */
export async function tail(flags: TailFlags): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await withParts(flags, LOGS_NEED, async (parts) => {
      const source = await openLogs(parts, { sinceMs: flags.since ?? Date.now(), events: eventsOf(flags.kind) });
      if (flags.follow) note(`Showing what happens at ${parts.name}; Ctrl-C ends it.`);
      await follow(source, { ...flags, print: flags.json ? sayJson : sayMoment }, stop.signal).finally(() =>
        source.close(),
      );
    });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

interface Followed extends Shown {
  readonly print: (moment: Moment) => void;
}

/** Shows what the logs tell, until the signal. */
export async function follow(source: LogSource, followed: Followed, signal: AbortSignal): Promise<void> {
  do {
    for (const line of await source.next()) for (const moment of wanted(line, followed)) followed.print(moment);
    // The wait ends with an error when the operator ends the command.
    if (followed.follow) await setTimeout(source.everyMs, undefined, { signal }).catch(() => undefined);
  } while (followed.follow && !signal.aborted);
}

const wanted = (line: LogLine, { kind, host }: Shown): Moment[] =>
  momentsOf(line, kind).filter((moment) => host === undefined || moment.host?.startsWith(host));

/** Prints a moment as a line for people. */
export function sayMoment({ at, kind, host, what }: Moment): void {
  const { red, green, cyan } = colours();
  const paint = { refused: red, miss: red, issue: red, enrolled: green, answer: green, query: cyan, event: String }[
    kind
  ];
  const text = `${host ? `${printable(host)}  ` : ''}${printable(what)}`;
  say(hanging(`${when(Date.parse(at))}  ${paint(kind.padEnd(8))}  ${text}`, '    '));
}
