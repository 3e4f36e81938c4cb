import { setTimeout } from 'node:timers/promises';
import { type StackFlags, withParts } from '../parts.ts';
import { colours, note, printable, say, sayJson, when } from '../print.ts';
import type { Kind } from './kinds.ts';
import type { LogSource } from './log-line.ts';
import { LOGS_NEED, openLogs } from './log-source.ts';
import { eventsOf, type Moment, momentOf } from './moments.ts';

interface TailFlags extends StackFlags {
  readonly host?: string;
  readonly kind?: readonly Kind[];
  readonly since?: number;
  readonly follow: boolean;
  readonly json: boolean;
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
      await follow(source, flags, stop.signal).finally(() => source.close());
    });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

async function follow(source: LogSource, flags: TailFlags, signal: AbortSignal): Promise<void> {
  for (;;) {
    for (const line of await source.next()) {
      const moment = momentOf(line);
      if (moment && (flags.host === undefined || moment.host === flags.host)) show(moment, flags.json);
    }
    if (!flags.follow || signal.aborted) return;
    // The wait ends with an error when the operator ends the command.
    await setTimeout(source.everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
}

function show(moment: Moment, isJson: boolean): void {
  if (isJson) {
    sayJson(moment);
    return;
  }
  const { at, kind, host, what } = moment;
  const { red, green, cyan } = colours();
  const paint = { refused: red, miss: red, enrolled: green, answer: green, question: cyan, event: String }[kind];
  say(`${when(Date.parse(at))}  ${paint(kind.padEnd(8))}  ${host ? `${printable(host)}  ` : ''}${printable(what)}`);
}
