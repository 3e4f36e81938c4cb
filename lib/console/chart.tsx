import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  readonly name: string;
  /** A custom property of the style sheet, such as `--seen`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly kind?: 'line' | 'bars' | 'dashed';
  readonly filled?: boolean;
}

interface ChartProps {
  readonly label: string;
  /** Epoch milliseconds, one for each value. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly height?: number;
  readonly format: (value: number) => string;
  /** The largest value of the scale. @default - the largest of the data */
  readonly max?: number;
  /** Whether bars are stacked, in the order of `lines`. @default false - lines */
  readonly stacked?: boolean;
}

const DARK = '(prefers-color-scheme: dark)';

/** Whether the system uses a dark theme, followed as it changes: a canvas does not follow the style sheet by itself. */
function useDark(): boolean {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const change = () => setDark(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, []);
  return isDark;
}

/** Lines or bars over time. */
export function Chart(props: ChartProps) {
  const { label, times, lines, format } = props;
  const box = useRef<HTMLDivElement>(null);
  const isDark = useDark();
  const [at, setAt] = useState<number>();
  const layout = `${isDark} ${lines.map(({ name }) => name).join()} ${times.length > 0}`;
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const element = box.current;
    if (!element || times.length === 0) return undefined;
    const made = new uPlot(optionsOf(props, element, setAt), dataOf(props), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [layout]);
  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [times, lines]);
  return (
    <figure class="chart" aria-label={label}>
      <figcaption>
        {lines.map(({ name, colour, values }) => {
          const value = at === undefined ? undefined : values[at];
          return (
            <span key={name}>
              <i style={{ background: `var(${colour})` }} aria-hidden="true" />
              {name}
              {typeof value === 'number' ? <b>{format(value)}</b> : null}
            </span>
          );
        })}
        <time>{at === undefined || times[at] === undefined ? '' : new Date(times[at]).toLocaleString('en-GB')}</time>
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

function dataOf({ times, lines, stacked }: ChartProps): uPlot.AlignedData {
  const sums = times.map(() => 0);
  const values = lines.map((line) =>
    line.values.map((value, index) => {
      if (!stacked) return value;
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index] ?? 0;
    }),
  );
  // The tallest bars are drawn first, so that the others stay visible.
  return [times.map((atMs) => atMs / 1000), ...(stacked ? values.reverse() : values)];
}

function optionsOf(
  { lines, height = 220, format, max, stacked }: ChartProps,
  element: HTMLElement,
  onPoint: (index: number | undefined) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colourOf = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colourOf('--faint'),
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [10, 14, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, most) => [0, max ?? Math.max(1, most * 1.08)] } },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        space: 80,
        values: (_, splits) => splits.map((at) => timeText(at * 1000, stepOf(splits))),
      },
      { ...axis, size: 56, values: (_, splits) => splits.map(format) },
    ],
    series: [{}, ...(stacked ? [...lines].reverse() : lines).map((line) => seriesOf(line, colourOf))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  };
}

function seriesOf({ name, colour, kind = 'line', filled }: Line, colourOf: (name: string) => string): uPlot.Series {
  const stroke = colourOf(colour);
  const isBar = kind === 'bars';
  return {
    label: name,
    stroke,
    width: isBar ? 0 : 2,
    fill: isBar ? stroke : filled ? `${stroke}22` : undefined,
    dash: kind === 'dashed' ? [6, 5] : undefined,
    paths: isBar ? uPlot.paths.bars?.({ size: [0.82, 40] }) : undefined,
    points: { show: false },
    spanGaps: true,
  };
}

const DAY_SECONDS = 86_400;

const stepOf = ([first = 0, second = first]: readonly number[]): number => second - first;

function timeText(atMs: number, stepSeconds: number): string {
  const at = new Date(atMs);
  if (stepSeconds >= DAY_SECONDS) return at.toLocaleDateString('en-CA').slice(5);
  return at.toLocaleTimeString('en-GB').slice(0, stepSeconds < 60 ? 8 : 5);
}
