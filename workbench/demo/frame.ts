import type { Colors } from 'picocolors/types';
import { livedMs, type Score, score, type TaskCard } from './scoreboard.ts';

/** What the live view shows in addition to the tasks. */
export interface Scene {
  readonly title: string;
  readonly url: string;
  /** Whether the front holds reads. */
  readonly isHeld: boolean;
  readonly hosts: readonly {
    readonly name: string;
    readonly running: number;
    readonly enrolled: boolean;
    readonly hot: boolean;
    /** Whether its read is held now. */
    readonly held: boolean;
  }[];
  readonly startedAtMs: number;
  readonly endsAtMs: number | undefined; // undefined: no end
  /** A row that a host returned, in one line; undefined before the first. */
  readonly latestRow?: string;
}

/** Where and when a frame is drawn. */
interface Screen {
  readonly nowMs: number;
  readonly rows: number;
  readonly color: Colors;
}

/** The width of a life's bar, and of the bars of shares. */
const BAR = 24;
const SHARE = 18;
/** The maximum width of a line, which fits a terminal of 80 columns. */
const WIDTH = 78;

const POLL_LEGEND = '● polls every 10 s  ● in yellow: every 5 s, after a start  ○ not enrolled yet';
const HELD_LEGEND = '◉ its read is held  ● it has work  ○ not enrolled yet; beside it: its tasks';

/** The characters of the bars. The schedule has one of its own, so that its bars differ without colour too. */
const ALIVE = '█';
const AFTER = '▒';
const SCHEDULE = '=';

/**
 * Draws one frame of the live view: the hosts, what Mayfly and the schedule saw, the latest stored row, and as many of the
 * latest tasks as fit into `rows` lines. Pure, so that tests can check it without a terminal.
 */
export function frame(scene: Scene, cards: readonly TaskCard[], { nowMs, rows, color }: Screen): string[] {
  const total = score(cards);
  const wait = total.timeToAnswerMs;
  const left = scene.endsAtMs === undefined ? '' : ` · ${seconds(scene.endsAtMs - nowMs)} to go`;
  const after = total.postMortem / (total.seen + total.postMortem);
  const mayfly = [
    { part: 1 - after, cell: ALIVE, paint: color.green },
    { part: after, cell: AFTER, paint: color.cyan },
  ];
  const schedule = [{ part: 1, cell: SCHEDULE, paint: color.magenta }];
  const head = [
    `${color.bold(scene.title)}  ${color.dim(`${scene.url} · ${seconds(nowMs - scene.startedAtMs)}${left}`)}`,
    '',
    scene.hosts.map((host) => hostCell({ ...host, held: scene.isHeld && host.held }, color)).join('  '),
    color.dim(scene.isHeld ? HELD_LEGEND : POLL_LEGEND),
    '',
    bar('Mayfly', total.share, mayfly, color) +
      color.dim(` ${total.seen} alive, ${total.postMortem} after, ${total.missed} missed, ${total.pending} open`),
    bar('every 60 s', total.scheduleShare, schedule, color) + color.dim(' the same hosts, a scheduled query'),
    `${color.green(ALIVE)} ${color.dim('seen alive')}  ${color.cyan(AFTER)} ${color.dim('seen post-mortem')}  ` +
      `${color.magenta(SCHEDULE)} ${color.dim('seen by the schedule')}  ${color.dim('· missed')}`,
    wait
      ? `time to answer   p50 ${seconds(wait.p50)}   p95 ${seconds(wait.p95)}   max ${seconds(wait.max)}`
      : color.dim('time to answer   no answer yet'),
    fetchLine(scene.isHeld, total.timeToFetchMs, color),
    scene.latestRow ? clipped(`a stored row     ${scene.latestRow}`) : color.dim('a stored row     none yet'),
    '',
    color.dim(`${pad('task', 14)}${pad('host', 8)}${pad(axis(), BAR + 9)}looked at`),
  ];
  const room = Math.max(3, rows - head.length - 1);
  const latest = cards.slice(-room).reverse();
  return [...head, ...latest.map((card) => taskLine(card, scene.isHeld, nowMs, color))];
}

/** How long queries waited for their agents: the part of the time to answer that the front decides. */
function fetchLine(isHeld: boolean, waits: Score['timeToFetchMs'], color: Colors): string {
  const how = color.dim(isHeld ? 'reads are held' : 'agents poll');
  if (!waits) return `queued → agent   ${how}`;
  return `queued → agent   p50 ${brief(waits.p50)}   p95 ${brief(waits.p95)}   max ${brief(waits.max)}   ${how}`;
}

function hostCell({ name, running, enrolled, hot, held }: Scene['hosts'][number], color: Colors): string {
  const dot = dotOf({ enrolled, hot, held }, color);
  return `${dot} ${name.slice(-6)} ${color.dim(`${running}`)}`;
}

function dotOf({ enrolled, hot, held }: Pick<Scene['hosts'][number], 'enrolled' | 'hot' | 'held'>, color: Colors) {
  if (!enrolled) return color.dim('○');
  if (held) return color.cyan('◉');
  return hot ? color.yellow('●') : color.green('●');
}

/** A part of a bar, as a share of what is filled. */
interface Part {
  readonly part: number;
  readonly cell: string;
  readonly paint: (text: string) => string;
}

/** Draws a share as a bar with the parts that it consists of. */
function bar(name: string, share: number | null, parts: readonly Part[], color: Colors): string {
  const filled = share === null ? 0 : Math.round(share * SHARE);
  let room = filled;
  const cells = parts.map(({ part, cell, paint }, at) => {
    const width = at === parts.length - 1 ? room : Math.min(room, Math.round(filled * (part || 0)));
    room -= width;
    return paint(cell.repeat(width));
  });
  return `${pad(name, 11)} ${cells.join('')}${color.dim('·'.repeat(SHARE - filled))} ${pad(percent(share), 6)}`;
}

/** The cell of a duration on a logarithmic scale from 1 s to 10 minutes, so that both seconds and minutes are visible. */
const cellAt = (ms: number): number =>
  Math.min(BAR, Math.max(1, Math.round((Math.log10(Math.max(1, ms / 1000)) / 2.8) * BAR)));

/** The scale of the lives' bars: each label begins where a life of that length ends. */
function axis(): string {
  const marks = [
    [1_000, '1 s'],
    [10_000, '10 s'],
    [60_000, '1 min'],
    [600_000, '10 min'],
  ] as const;
  return marks.reduce((line, [ms, label]) => line.padEnd(cellAt(ms) - 1) + label, '');
}

/** Formats a share as `98 %`; a dash for null. */
export const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`);

function taskLine(card: TaskCard, isHeld: boolean, nowMs: number, color: Colors): string {
  const lived = livedMs(card, nowMs);
  const running = card.startedAtMs !== undefined && card.endedAtMs === undefined;
  const life = lived === undefined ? '' : `${'━'.repeat(cellAt(lived))}${running ? '▶' : '┫'}`;
  const looked =
    card.answeredAtMs !== undefined && card.startedAtMs !== undefined
      ? `+${seconds(card.answeredAtMs - card.startedAtMs)}`
      : '';
  const woken = isHeld && card.fetchedAfterMs !== undefined ? ` woken ${brief(card.fetchedAfterMs)}` : '';
  const verdict = verdictCell(card, { lived, looked, woken }, color);
  const text = `${pad(life, BAR + 2)}${pad(lived === undefined ? '' : seconds(lived), 7)}`;
  return `${pad(card.family, 14)}${pad(card.host.slice(-6), 8)}${running ? text : color.dim(text)}${verdict}`;
}

/** What Mayfly saw of a task, no wider than the room for it. */
function verdictCell(
  { verdict, reason }: TaskCard,
  { lived, looked, woken }: { readonly lived: number | undefined; readonly looked: string; readonly woken: string },
  color: Colors,
): string {
  const seen = `seen ${looked}`;
  const cells = {
    pending: () => color.dim(lived === undefined ? 'starting' : 'pending'),
    seen: () => color.green(seen.slice(0, LOOK)) + color.dim(woken.slice(0, Math.max(0, LOOK - seen.length))),
    'post-mortem': () => color.cyan(`post-mortem ${looked}`.slice(0, LOOK)),
    'never-started': () => color.dim('never started'),
    ignored: () => color.dim('ignored'),
    missed: () => color.red(`missed: ${reason ?? ''}`.slice(0, LOOK)),
  };
  return cells[verdict]();
}

/** Formats a duration in ms for people: 0.4 s, 12 s, 3 min. */
export function seconds(ms: number): string {
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 9_950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Formats a short duration: 70 ms, 0.4 s. */
export const brief = (ms: number): string => (ms < 100 ? `${Math.round(ms)} ms` : seconds(ms));

/** The width that is left for what Mayfly saw of a life. */
const LOOK = WIDTH - 14 - 8 - BAR - 9;

const clipped = (text: string): string => (text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`);

const pad = (text: string, width: number): string => text.slice(0, width - 1).padEnd(width);
