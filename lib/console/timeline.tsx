import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Life } from './api.ts';
import { isShortcut } from './keys.ts';
import { ROW, Row, type Scale } from './life-row.tsx';
import { axisStepMs, sliceInView } from './lives.ts';
import { Empty, lifeAddress } from './parts.tsx';
import { SCHEDULE_MS } from './schedule.ts';
import { clock, count } from './shown.ts';

const MINUTE_MS = 60_000;
const AXIS = 34;
/** The longest span in which the runs of a schedule are drawn as lines; beyond it they are too dense. */
const LINES_WITHIN_MS = 20 * MINUTE_MS;
/** The part of the span left free after now. */
const AHEAD = 0.015;

interface TimelineProps {
  readonly rows: readonly Life[];
  readonly nowMs: number;
  readonly spanMs: number;
  readonly isLoaded: boolean;
}

/** The rows in view, on one axis of time, with the keys that move among them. */
export function Timeline({ rows, nowMs, spanMs, isLoaded }: TimelineProps) {
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
  const press = (event: KeyboardEvent): boolean => {
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page },
      ...{ Home: -rows.length, End: rows.length },
    };
    const step = steps[event.key];
    if (step === undefined) return false;
    event.preventDefault();
    move(step);
    return true;
  };
  useKeysOutside(viewport, press);
  const pressInside = (event: KeyboardEvent) => {
    if (!press(event) && event.key === 'Enter' && picked) location.hash = lifeAddress(picked);
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
        onKeyDown={pressInside}
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

/**
 * Moves in the list and focuses it, if a key that moves is pressed elsewhere on the page. The listener is in use as soon as a new
 * list is drawn: an effect would come after the next key of a fast typist, who would move in the former list.
 */
function useKeysOutside(
  viewport: { readonly current: HTMLDivElement | null },
  press: (event: KeyboardEvent) => boolean,
): void {
  useLayoutEffect(() => {
    const pressOutside = (event: KeyboardEvent) => {
      const isElsewhere = event.target instanceof Element && !event.target.closest('dialog, .viewport');
      if (isElsewhere && isShortcut(event) && press(event)) viewport.current?.focus({ preventScroll: true });
    };
    addEventListener('keydown', pressOutside);
    return () => removeEventListener('keydown', pressOutside);
  });
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

/** Keeps the scroll position on the same lives when others are added above them. */
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
  const stepMs = axisStepMs(spanMs, 6);
  const ticks = instants(nowMs - spanMs, nowMs, stepMs);
  return (
    <div class="axis" aria-hidden="true">
      <span class="name">life</span>
      <span class="host">host</span>
      <div class="track">
        {ticks.map((atMs) => (
          <span
            key={atMs}
            class={(atMs / stepMs) % 2 === 0 ? 'tick' : 'tick is-minor'}
            style={{ left: `${scale(atMs)}%` }}
          >
            {spanMs > 10 * MINUTE_MS ? clock(atMs).slice(0, 5) : clock(atMs)}
          </span>
        ))}
      </div>
      <span class="outcome">Mayfly</span>
      <span class="scheduled">every 60 s</span>
    </div>
  );
}

/** Draws the runs of a schedule and the present time, behind all lives. */
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
