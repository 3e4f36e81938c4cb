import { useMemo, useState } from 'preact/hooks';
import type { About, Life, LifeVerdict } from './api.ts';
import { type Live, useNow } from './live.ts';
import { figuresOf, selected, VERDICTS } from './lives.ts';
import { Empty, Figure, Meter } from './parts.tsx';
import { scheduleShare } from './schedule.ts';
import { duration, percent, when } from './shown.ts';
import { Timeline } from './timeline.tsx';

const WINDOWS = [
  [2, '2 min'],
  [10, '10 min'],
  [60, '1 h'],
  [360, '6 h'],
  [1440, '24 h'],
] as const;
const MINUTE_MS = 60_000;
/** The window shown at first, in minutes; a larger one if nothing happened in it. */
const USUAL = 2;
/** The shortest span of the figures: fewer lives would say little. */
const FIGURES_MINUTES = 10;
const REDRAW_MS = 250;

/** The smallest window in which something happened. */
function fittingMinutes(lives: readonly Life[], nowMs: number): number {
  const latestMs = lives.reduce((latest, life) => Math.max(latest, life.endedAtMs ?? nowMs), 0);
  const fitting = WINDOWS.find(([minutes]) => minutes >= USUAL && nowMs - latestMs < (minutes * MINUTE_MS) / 2);
  return fitting?.[0] ?? 1440;
}

/** Lives as bars as they start and end, each delivery and answer as a mark, beside what a schedule would have seen. */
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
      {live.isLoaded && live.backToMs === undefined && sorted.length === 0 ? (
        <Empty>
          No workload since {when(about.sinceMs)}. The first task or instance that starts appears here within seconds.
        </Empty>
      ) : (
        <Timeline rows={rows} nowMs={nowMs} spanMs={spanMs} isLoaded={live.isLoaded} />
      )}
    </div>
  );
}

/** Leaves out lives that began before: any schedule sees a life that runs for long. */
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
        <Figure name="95 % within">{p95 === undefined ? '–' : duration(p95)}</Figure>
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
