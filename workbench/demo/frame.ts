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
}

/** Where and when a frame is drawn. */
interface Screen {
  readonly nowMs: number;
  readonly rows: number;
  readonly color: Colors;
}

const BAR = 24;

/**
 * Draws one frame of the live view: the hosts, what Mayfly and the schedule saw, and as many of the latest tasks as fit
 * into `rows` lines. Pure, so that tests can check it without a terminal.
 */
export function frame(scene: Scene, cards: readonly TaskCard[], { nowMs, rows, color }: Screen): string[] {
  const total = score(cards);
  const wait = total.timeToAnswerMs;
  const left = scene.endsAtMs === undefined ? '' : ` · ${seconds(scene.endsAtMs - nowMs)} to go`;
  const head = [
    `${color.bold(scene.title)}  ${color.dim(`${scene.url} · ${seconds(nowMs - scene.startedAtMs)}${left}`)}`,
    '',
    scene.hosts.map((host) => hostCell(host, color)).join('  '),
    '',
    bar('Mayfly', total.share, total.postMortem / (total.seen + total.postMortem), color) +
      color.dim(
        `  ${total.seen} alive, ${total.postMortem} post-mortem, ${total.missed} missed, ${total.pending} pending`,
      ),
    bar('every 60 s', total.scheduleShare, 0, color) + color.dim(`  the same hosts, a scheduled query`),
    wait
      ? `time to answer   p50 ${seconds(wait.p50)}   p95 ${seconds(wait.p95)}   max ${seconds(wait.max)}`
      : color.dim('time to answer   no answer yet'),
    fetchLine(scene.isHeld, total.timeToFetchMs, color),
    '',
    color.dim(`${pad('task', 22)}${pad('host', 12)}${pad('life', BAR + 10)}looked at`),
  ];
  const room = Math.max(3, rows - head.length - 1);
  const latest = cards.slice(-room).reverse();
  return [...head, ...latest.map((card) => taskLine(card, scene.isHeld, nowMs, color))];
}

/** How long queries waited for their agents: the part of the time to answer that the front decides. */
function fetchLine(isHeld: boolean, waits: Score['timeToFetchMs'], color: Colors): string {
  const how = color.dim(isHeld ? 'reads are held (◉) and answered when work comes' : 'agents poll');
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

/** Draws a share as a bar. Part of the bar is lighter. */
function bar(name: string, share: number | null, lightPart: number, color: Colors): string {
  const filled = share === null ? 0 : Math.round(share * BAR);
  const light = filled === 0 ? 0 : Math.round(filled * lightPart);
  const cells =
    color.green('█'.repeat(filled - light)) + color.cyan('▒'.repeat(light)) + color.dim('·'.repeat(BAR - filled));
  return `${pad(name, 11)} ${cells} ${pad(percent(share), 6)}`;
}

/** Formats a share as `98 %`; a dash for null. */
export const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`);

function taskLine(card: TaskCard, isHeld: boolean, nowMs: number, color: Colors): string {
  const lived = livedMs(card, nowMs);
  const running = card.startedAtMs !== undefined && card.endedAtMs === undefined;
  // Logarithmic scale from 1 s to 10 minutes across the bar, so that both seconds and minutes are visible.
  const at = (ms: number): number =>
    Math.min(BAR, Math.max(1, Math.round((Math.log10(Math.max(1, ms / 1000)) / 2.8) * BAR)));
  const life = lived === undefined ? '' : `${'━'.repeat(at(lived))}${running ? '▶' : '┫'}`;
  const looked =
    card.answeredAtMs !== undefined && card.startedAtMs !== undefined
      ? `+${seconds(card.answeredAtMs - card.startedAtMs)}`
      : '';
  const woken =
    isHeld && card.fetchedAfterMs !== undefined ? color.dim(`  woken in ${brief(card.fetchedAfterMs)}`) : '';
  const verdict = {
    pending: () => color.dim(lived === undefined ? 'starting' : 'pending'),
    seen: () => color.green(`seen ${looked}`),
    'post-mortem': () => color.cyan(`post-mortem ${looked}`),
    'never-started': () => color.dim('never started'),
    ignored: () => color.dim('ignored'),
    missed: () => color.red(`missed: ${card.reason ?? ''}`),
  }[card.verdict]();
  const text = `${pad(life, BAR + 2)}${pad(lived === undefined ? '' : seconds(lived), 8)}`;
  return `${pad(card.family, 22)}${pad(card.host.slice(-6), 12)}${running ? text : color.dim(text)}${verdict}${woken}`;
}

/** Formats a duration in ms for people: 0.4 s, 12 s, 3 min. */
export function seconds(ms: number): string {
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 9_950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Formats a short duration: 70 ms, 0.4 s. */
export const brief = (ms: number): string => (ms < 100 ? `${Math.round(ms)} ms` : seconds(ms));

const pad = (text: string, width: number): string => text.slice(0, width - 1).padEnd(width);
