import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { About, Life, LifeVerdict } from './api.ts';
import { type Live, useNow } from './live.ts';
import { axisStepMs, figuresOf, selected, sliceInView, VERDICTS } from './lives.ts';
import { Empty, Figure, lifeAddress, Meter, Verdict } from './parts.tsx';
import { SCHEDULE_MS, scheduledLookMs, scheduleShare } from './schedule.ts';
import { clock, count, duration, percent, shortId, visible, when } from './shown.ts';

const WINDOWS = [
  [2, '2 min'],
  [10, '10 min'],
  [60, '1 h'],
  [360, '6 h'],
  [1440, '24 h'],
] as const;
const MINUTE_MS = 60_000;
/** The span that is shown at first, unless nothing happened in it. */
const USUAL = 2;
/** The figures are about no shorter span: a few lives say little. */
const FIGURES_MINUTES = 10;
const ROW = 26;
const AXIS = 34;
const REDRAW_MS = 250;
/** Beyond this span the runs of a schedule are too dense for lines. */
const LINES_WITHIN_MS = 20 * MINUTE_MS;
/** The part of the span left free after now. */
const AHEAD = 0.015;

/** The smallest window in which something happened. */
function fittingMinutes(lives: readonly Life[], nowMs: number): number {
  const latestMs = lives.reduce((latest, life) => Math.max(latest, life.endedAtMs ?? nowMs), 0);
  const fitting = WINDOWS.find(([minutes]) => minutes >= USUAL && nowMs - latestMs < (minutes * MINUTE_MS) / 2);
  return fitting?.[0] ?? 1440;
}

/** Lives as bars as they start and end, each look at them as a mark, beside what a schedule would have seen. */
export function Now({ live, about }: { live: Live; about: About }) {
  const { sorted } = live.known;
  const [minutes, setMinutes] = useState<number>();
  const [text, setText] = useState('');
  const [verdicts, setVerdicts] = useState<ReadonlySet<LifeVerdict>>(new Set());
  const [pausedAtMs, setPausedAtMs] = useState<number>();
  const time = useNow(live.aheadMs, REDRAW_MS, pausedAtMs === undefined);
  const nowMs = pausedAtMs ?? time;
  const chosen = minutes ?? (live.isLoaded ? fittingMinutes(sorted, nowMs) : USUAL);
  const spanMs = chosen * MINUTE_MS;
  const second = Math.floor(nowMs / 1000);
  const inWindow = useMemo(
    () => selected(sorted, { text, verdicts: new Set(), fromMs: second * 1000 - spanMs }),
    [sorted, text, spanMs, second],
  );
  const figuresMinutes = Math.max(chosen, FIGURES_MINUTES);
  const begun = useMemo(
    () => begunSince(sorted, second * 1000 - figuresMinutes * MINUTE_MS),
    [sorted, figuresMinutes, second],
  );
  const rows = useMemo(
    () => (verdicts.size === 0 ? inWindow : inWindow.filter(({ verdict }) => verdicts.has(verdict))),
    [inWindow, verdicts],
  );
  const toggle = (verdict: LifeVerdict) => {
    const next = new Set(verdicts);
    if (!next.delete(verdict)) next.add(verdict);
    setVerdicts(next);
  };
  return (
    <div class="now">
      <Summary
        begun={begun}
        nowMs={second * 1000}
        span={WINDOWS.find(([value]) => value === figuresMinutes)?.[1] ?? ''}
      />
      <div class="controls">
        <fieldset class="choice" aria-label="Span">
          {WINDOWS.map(([value, name]) => (
            <button key={value} type="button" aria-pressed={value === chosen} onClick={() => setMinutes(value)}>
              {name}
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          placeholder="Filter ( / )"
          aria-label="Filter by family, host, cluster or id"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <Chips lives={inWindow} verdicts={verdicts} toggle={toggle} />
        <button
          type="button"
          class="quiet"
          aria-pressed={pausedAtMs !== undefined}
          onClick={() => setPausedAtMs(pausedAtMs === undefined ? nowMs : undefined)}
        >
          {pausedAtMs === undefined ? 'Pause' : 'Follow'}
        </button>
      </div>
      {live.isLoaded && sorted.length === 0 ? (
        <Empty>
          No workload since {when(about.sinceMs)}. The first task or instance that starts appears here within seconds.
        </Empty>
      ) : (
        <Timeline rows={rows} nowMs={nowMs} spanMs={spanMs} isLoaded={live.isLoaded} />
      )}
    </div>
  );
}

/** A schedule sees whatever runs for a minute, so lives that began earlier say nothing about it. */
function begunSince(sorted: readonly Life[], fromMs: number): readonly Life[] {
  const end = sorted.findIndex((life) => life.firstAtMs < fromMs);
  return end === -1 ? sorted : sorted.slice(0, end);
}

interface SummaryProps {
  readonly begun: readonly Life[];
  readonly nowMs: number;
  readonly span: string;
}

function Summary({ begun, nowMs, span }: SummaryProps) {
  const { share, p50, p95, verdicts, running } = useMemo(() => figuresOf(begun), [begun]);
  const scheduled = useMemo(() => scheduleShare(begun, nowMs), [begun, nowMs]);
  return (
    <section class="summary" aria-label="Summary">
      <div class="versus">
        <div>
          <h2>Mayfly saw</h2>
          <strong class="of-mayfly">{percent(share)}</strong>
          <Meter share={share} kind="mayfly" />
        </div>
        <div>
          <h2>A query every 60 s would have seen</h2>
          <strong class="of-schedule">{percent(scheduled)}</strong>
          <Meter share={scheduled} kind="schedule" />
        </div>
      </div>
      <dl>
        <Figure name={`began in ${span}`}>{begun.length.toLocaleString('en-US')}</Figure>
        <Figure name="missed">{verdicts.missed.toLocaleString('en-US')}</Figure>
        <Figure name="of them running">{running.toLocaleString('en-US')}</Figure>
        <Figure name="start to answer" note="median">
          {p50 === undefined ? '–' : duration(p50)}
        </Figure>
        <Figure name="of 95 %" note="within">
          {p95 === undefined ? '–' : duration(p95)}
        </Figure>
      </dl>
    </section>
  );
}

interface ChipsProps {
  readonly lives: readonly Life[];
  readonly verdicts: ReadonlySet<LifeVerdict>;
  readonly toggle: (verdict: LifeVerdict) => void;
}

function Chips({ lives, verdicts, toggle }: ChipsProps) {
  const counts = useMemo(() => figuresOf(lives).verdicts, [lives]);
  return (
    <fieldset class="chips" aria-label="Verdicts">
      {VERDICTS.filter((verdict) => counts[verdict] > 0 || verdicts.has(verdict)).map((verdict) => (
        <button
          key={verdict}
          type="button"
          class={`chip is-${verdict}`}
          aria-pressed={verdicts.has(verdict)}
          onClick={() => toggle(verdict)}
        >
          <i aria-hidden="true" />
          {verdict} {counts[verdict].toLocaleString('en-US')}
        </button>
      ))}
    </fieldset>
  );
}

/** From time to a place on the track, in percent. */
type Scale = (atMs: number) => number;

interface TimelineProps {
  readonly rows: readonly Life[];
  readonly nowMs: number;
  readonly spanMs: number;
  readonly isLoaded: boolean;
}

function Timeline({ rows, nowMs, spanMs, isLoaded }: TimelineProps) {
  const viewport = useRef<HTMLDivElement>(null);
  const { scrollTop, height } = useScroll(viewport);
  const [picked, setPicked] = useState<string>();
  useAnchor(viewport, rows);
  const scale: Scale = (atMs) => Math.max(0, Math.min(1, 1 - AHEAD - (nowMs - atMs) / spanMs)) * 100;
  const { from, to } = sliceInView(scrollTop, height, ROW, rows.length);
  const at = rows.findIndex(({ workload }) => workload === picked);
  const move = (step: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, at === -1 ? 0 : at + step));
    setPicked(rows[next]?.workload);
    const box = viewport.current;
    if (box && next * ROW < box.scrollTop) box.scrollTop = next * ROW;
    const roomPx = (box?.clientHeight ?? 0) - AXIS;
    if (box && (next + 1) * ROW > box.scrollTop + roomPx) box.scrollTop = (next + 1) * ROW - roomPx;
  };
  const press = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page },
      ...{ Home: -rows.length, End: rows.length },
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      move(step);
    } else if (event.key === 'Enter' && picked) location.hash = lifeAddress(picked);
  };
  return (
    <section class="timeline">
      <div
        class="viewport"
        ref={viewport}
        role="listbox"
        tabIndex={0}
        aria-label={count(rows.length, 'life', 'lives')}
        aria-activedescendant={at === -1 ? undefined : `life-${at}`}
        onKeyDown={press}
      >
        <Axis scale={scale} nowMs={nowMs} spanMs={spanMs} />
        <div class="rows" style={{ height: `${Math.max(rows.length * ROW, height - AXIS)}px` }}>
          <Runs scale={scale} nowMs={nowMs} spanMs={spanMs} />
          {rows.slice(from, to).map((life, index) => (
            <Row
              key={life.workload}
              life={life}
              index={from + index}
              isPicked={life.workload === picked}
              scale={scale}
              nowMs={nowMs}
            />
          ))}
        </div>
        {isLoaded && rows.length === 0 ? <Empty>No life in this span matches.</Empty> : null}
      </div>
      <Legend />
    </section>
  );
}

/** Scroll position and height of an element, as they change. */
function useScroll(viewport: { readonly current: HTMLDivElement | null }) {
  const [scroll, setScroll] = useState({ scrollTop: 0, height: 600 });
  useLayoutEffect(() => {
    const box = viewport.current;
    if (!box) return undefined;
    const read = () => setScroll({ scrollTop: box.scrollTop, height: box.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(box);
    box.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', read);
    };
  }, [viewport]);
  return scroll;
}

/** Keeps what a person looks at in its place when lives are added above it. */
function useAnchor(viewport: { readonly current: HTMLDivElement | null }, rows: readonly Life[]): void {
  const before = useRef<readonly Life[]>(rows);
  useEffect(() => {
    const box = viewport.current;
    const first = before.current[0]?.workload;
    before.current = rows;
    if (!box || box.scrollTop < ROW || first === undefined) return;
    const added = rows.findIndex(({ workload }) => workload === first);
    if (added > 0) box.scrollTop += added * ROW;
  }, [viewport, rows]);
}

interface AxisProps {
  readonly scale: Scale;
  readonly nowMs: number;
  readonly spanMs: number;
}

function Axis({ scale, nowMs, spanMs }: AxisProps) {
  const ticks = instants(nowMs - spanMs, nowMs, axisStepMs(spanMs, 6));
  return (
    <div class="axis" aria-hidden="true">
      <span class="name">life</span>
      <span class="host">host</span>
      <div class="track">
        {ticks.map((atMs) => (
          <span key={atMs} class="tick" style={{ left: `${scale(atMs)}%` }}>
            {spanMs > 10 * MINUTE_MS ? clock(atMs).slice(0, 5) : clock(atMs)}
          </span>
        ))}
      </div>
      <span class="outcome">Mayfly</span>
      <span class="scheduled">every 60 s</span>
    </div>
  );
}

/** The runs of a schedule, behind all lives, and the present. */
function Runs({ scale, nowMs, spanMs }: AxisProps) {
  const runs = spanMs <= LINES_WITHIN_MS ? instants(nowMs - spanMs, nowMs, SCHEDULE_MS) : [];
  return (
    <div class="lines" aria-hidden="true">
      {runs.map((atMs) => (
        <i key={atMs} style={{ left: `${scale(atMs)}%` }} />
      ))}
      <i class="is-now" style={{ left: `${scale(nowMs)}%` }} />
    </div>
  );
}

function instants(fromMs: number, toMs: number, stepMs: number): number[] {
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / stepMs) + 1) }, (_, n) => first + n * stepMs);
}

interface RowProps {
  readonly life: Life;
  readonly index: number;
  readonly isPicked: boolean;
  readonly scale: Scale;
  readonly nowMs: number;
}

function Row({ life, index, isPicked, scale, nowMs }: RowProps) {
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
        <Verdict verdict={life.verdict} reason={life.reason ?? lookOf(life)} />
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

const lookOf = ({ startedAtMs, answeredAtMs }: Life): string | undefined =>
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

const Legend = () => (
  <footer class="legend" aria-hidden="true">
    <span>
      <i class="wait" /> pulling its image
    </span>
    <span>
      <i class="bar" /> running
    </span>
    <span>
      <i class="mark is-delivered" /> query delivered
    </span>
    <span>
      <i class="mark is-answered" /> first row
    </span>
    <span>
      <i class="mark is-scheduled" /> where a query every 60 s would have seen it
    </span>
  </footer>
);
