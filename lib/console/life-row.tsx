import type { Life } from './api.ts';
import { lifeAddress, Verdict } from './parts.tsx';
import { scheduledLookMs } from './schedule.ts';
import { duration, shortId, visible, when } from './shown.ts';

/** The height of a row, in pixels; the style sheet has the same. */
export const ROW = 26;

/** Maps a time, epoch ms, to a position on the track, in percent. */
export type Scale = (atMs: number) => number;

interface RowProps {
  readonly life: Life;
  readonly index: number;
  readonly isPicked: boolean;
  readonly scale: Scale;
  readonly nowMs: number;
}

/** One life in the list: name and host, its bar with the queries about it, and its verdict. */
export function Row({ life, index, isPicked, scale, nowMs }: RowProps) {
  const scheduledMs = scheduledLookMs(life, nowMs);
  return (
    <a
      id={`life-${index}`}
      class={isPicked ? 'row is-picked' : 'row'}
      role="option"
      aria-selected={isPicked}
      tabIndex={-1}
      href={lifeAddress(life.workload)}
      style={{ top: `${index * ROW}px` }}
      title={titleOf(life, nowMs)}
    >
      <span class="name">
        {visible(life.family)} <small>{shortId(life.workload)}</small>
      </span>
      <span class="host">{visible(life.host ?? '')}</span>
      <Track life={life} scale={scale} nowMs={nowMs} scheduledMs={scheduledMs} />
      <span class="outcome">
        <Verdict verdict={life.verdict} reason={life.reason ?? stageOf(life)} />
      </span>
      <span class="scheduled">{scheduledText(life, scheduledMs)}</span>
    </a>
  );
}

function Track({
  life,
  scale,
  nowMs,
  scheduledMs,
}: Pick<RowProps, 'life' | 'scale' | 'nowMs'> & { scheduledMs?: number }) {
  const { firstAtMs, startedAtMs, endedAtMs, deliveredAtMs, answeredAtMs, verdict } = life;
  const endMs = endedAtMs ?? nowMs;
  const bornMs = startedAtMs ?? endMs;
  const part = (fromMs: number, toMs: number) => ({
    left: `${scale(fromMs)}%`,
    width: `${Math.max(0, scale(toMs) - scale(fromMs))}%`,
  });
  return (
    <span class={`track is-${verdict}`}>
      {bornMs > firstAtMs ? <i class="wait" style={part(firstAtMs, bornMs)} /> : null}
      {startedAtMs === undefined ? null : (
        <i class={endedAtMs === undefined ? 'bar is-running' : 'bar'} style={part(startedAtMs, endMs)} />
      )}
      {[
        ['is-scheduled', scheduledMs],
        ['is-delivered', deliveredAtMs],
        ['is-answered', answeredAtMs],
      ].map(([kind, atMs]) =>
        typeof atMs === 'number' && scale(atMs) > 0 ? (
          <i key={kind} class={`mark ${kind}`} style={{ left: `${scale(atMs)}%` }} />
        ) : null,
      )}
    </span>
  );
}

const stageOf = ({ startedAtMs, answeredAtMs }: Life): string | undefined =>
  startedAtMs === undefined || answeredAtMs === undefined
    ? undefined
    : `+${duration(Math.max(0, answeredAtMs - startedAtMs))}`;

function scheduledText({ startedAtMs, endedAtMs }: Life, scheduledMs: number | undefined) {
  if (startedAtMs === undefined) return '';
  if (scheduledMs !== undefined) return <span class="of-schedule">seen +{duration(scheduledMs - startedAtMs)}</span>;
  return endedAtMs === undefined ? <small>not yet</small> : <small>missed</small>;
}

function titleOf(life: Life, nowMs: number): string {
  const { workload, startedAtMs, endedAtMs, host } = life;
  const lived =
    startedAtMs === undefined ? 'no container yet' : `lived ${duration((endedAtMs ?? nowMs) - startedAtMs)}`;
  return [visible(workload), host ? `on ${visible(host)}` : '', `first event ${when(life.firstAtMs)}`, lived]
    .filter(Boolean)
    .join('\n');
}
