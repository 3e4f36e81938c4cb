import { useState } from 'preact/hooks';
import type { About, LifeMoment, LifeSubject, LifeView, RowsView, StoredRow } from './api.ts';
import { useFetched } from './fetched.ts';
import { type Live, useNow } from './live.ts';
import { Empty, Panel, Text, Trouble, Verdict } from './parts.tsx';
import { SCHEDULE_MS, scheduledLookMs } from './schedule.ts';
import { clock, count, duration, shortId, utc, visible, when } from './shown.ts';

const AGAIN_MS = 3000;

interface LifePageProps {
  readonly workload: string;
  readonly live: Live;
  readonly about: About;
}

export function LifePage({ workload, live, about }: LifePageProps) {
  const { value: view, error } = useFetched<LifeView>(`life?workload=${encodeURIComponent(workload)}`, AGAIN_MS);
  const isRunning = view ? view.life.endedAtMs === undefined : false;
  const nowMs = useNow(live.aheadMs, 500, isRunning);
  if (!view)
    return error ? (
      <Trouble error={error} />
    ) : (
      <Empty>
        Looking up <Text mono>{workload}</Text> …
      </Empty>
    );
  const { life, advice } = view;
  return (
    <div class="stack">
      <Trouble error={error} />
      <header class="life-head">
        <button type="button" class="back link" onClick={back}>
          ← Back
        </button>
        <h1>
          {visible(life.family)} <small>{shortId(life.workload)}</small>
        </h1>
        <Verdict verdict={life.verdict} reason={life.reason} />
        <p class="mono">{visible(life.workload)}</p>
        {advice ? <p class="advice">{advice}</p> : null}
      </header>
      <Panel title="Its life" aside={<p>{lived(view, nowMs)}</p>}>
        <Picture view={view} nowMs={nowMs} />
      </Panel>
      <div class="two">
        <Panel title="What happened">
          <Moments moments={view.moments} originMs={life.startedAtMs ?? life.firstAtMs} />
        </Panel>
        <Panel title="What was seen">
          {view.subjects.length === 0 ? <Empty>No container is known yet.</Empty> : null}
          {view.subjects.map((subject) => (
            <Subject key={`${subject.name} ${subject.facts[0]?.[1]}`} subject={subject} />
          ))}
        </Panel>
      </div>
      <Rows workload={life.workload} isDear={about.areRowsDear} />
      <Panel title="What it is">
        <dl class="facts">
          {view.facts.map(([name, value]) => (
            <div key={name}>
              <dt>{visible(name)}</dt>
              <dd>{visible(value)}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </div>
  );
}

/** Goes back to the list as it was, or opens the list if this page was opened first. */
function back(): void {
  if (history.length > 1) history.back();
  else location.hash = '#/now';
}

function lived({ life: { startedAtMs, endedAtMs } }: LifeView, nowMs: number): string {
  if (startedAtMs === undefined) return 'no container has started';
  return endedAtMs === undefined
    ? `running for ${duration(nowMs - startedAtMs)}`
    : `lived ${duration(endedAtMs - startedAtMs)}`;
}

const WIDTH = 1000;
const LEVEL = 15;
/** The approximate width of a letter in a label. */
const LETTER = 6.4;

interface Mark {
  readonly atMs: number;
  readonly x: number;
  readonly stage: string;
  readonly label: string;
  /** The row of the label; labels that would overlap are on different rows. */
  readonly level: number;
  readonly isLast: boolean;
}

/** Places the labels of marks so that none covers another. */
function placed(moments: readonly LifeMoment[], originMs: number, x: (atMs: number) => number): Mark[] {
  const ends: number[] = [];
  const marks = moments.flatMap(({ atMs, stage }) => {
    if (atMs === undefined || !LOOKS.has(stage)) return [];
    const label = `${stage} ${signed(atMs - originMs)}`;
    const isLast = x(atMs) > WIDTH * 0.86;
    const from = isLast ? x(atMs) - label.length * LETTER - 8 : x(atMs);
    const free = ends.findIndex((end) => end < from);
    const level = free === -1 ? ends.length : free;
    ends[level] = isLast ? x(atMs) + 8 : x(atMs) + label.length * LETTER + 12;
    return [{ atMs, x: x(atMs), stage, label, level, isLast }];
  });
  // The first one is the highest, so that no line of a later one crosses its label.
  return marks.map((mark) => ({ ...mark, level: ends.length - 1 - mark.level }));
}

/** The life as a bar with what Mayfly did above, between the runs of a schedule. */
function Picture({ view, nowMs }: { view: LifeView; nowMs: number }) {
  const { life } = view;
  const endMs = life.endedAtMs ?? nowMs;
  const times = view.moments.flatMap(({ atMs }) => atMs ?? []);
  const [fromMs, toMs] = [Math.min(life.firstAtMs, ...times), Math.max(endMs, ...times)];
  const paddingMs = Math.max(1000, (toMs - fromMs) * 0.06);
  const spanMs = toMs - fromMs + 2 * paddingMs;
  const x = (atMs: number) => ((atMs - fromMs + paddingMs) / spanMs) * WIDTH;
  const bornMs = life.startedAtMs ?? endMs;
  const runs = spanMs > 40 * SCHEDULE_MS ? [] : runsBetween(fromMs - paddingMs, toMs + paddingMs);
  const scheduledMs = scheduledLookMs(life, nowMs);
  const marks = placed(view.moments, life.startedAtMs ?? life.firstAtMs, x);
  const middle = 37 + Math.max(0, ...marks.map(({ level }) => level)) * LEVEL;
  const height = middle + 42;
  return (
    <svg
      class={`picture is-${life.verdict}`}
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="img"
      aria-label={lived(view, nowMs)}
    >
      {runs.map((atMs) => (
        <g key={atMs} class={atMs === scheduledMs ? 'run is-scheduled' : 'run'}>
          <line x1={x(atMs)} x2={x(atMs)} y1={8} y2={height - 18} />
          <text x={x(atMs)} y={height - 5}>
            {clock(atMs)}
          </text>
        </g>
      ))}
      {bornMs > life.firstAtMs ? (
        <rect
          class="wait"
          x={x(life.firstAtMs)}
          width={x(bornMs) - x(life.firstAtMs)}
          y={middle - 1.5}
          height={3}
          rx={1.5}
        />
      ) : null}
      {life.startedAtMs === undefined ? null : (
        <rect class="bar" x={x(bornMs)} width={Math.max(2, x(endMs) - x(bornMs))} y={middle - 8} height={16} rx={5} />
      )}
      {marks.map(({ atMs, x: at, stage, label, level, isLast }) => {
        const y = middle - 20 - level * LEVEL;
        return (
          <g key={`${stage} ${atMs}`} class={`moment is-${stage}`}>
            <line x1={at} x2={at} y1={y - 8} y2={middle} />
            <circle cx={at} cy={middle} r={4.5} />
            <text x={at + (isLast ? -6 : 6)} y={y} text-anchor={isLast ? 'end' : 'start'}>
              {label}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

const LOOKS = new Set(['event', 'queued', 'delivered', 'answered']);

const runsBetween = (fromMs: number, toMs: number): number[] => {
  const first = Math.ceil(fromMs / SCHEDULE_MS) * SCHEDULE_MS;
  return Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / SCHEDULE_MS) + 1) },
    (_, n) => first + n * SCHEDULE_MS,
  );
};

function Moments({ moments, originMs }: { moments: readonly LifeMoment[]; originMs: number }) {
  return (
    <ol class="moments">
      {moments.map(({ atMs, stage, what }) => (
        <li key={`${stage} ${atMs} ${what}`} class={`is-${stage}`}>
          {atMs === undefined ? (
            <time>time unknown</time>
          ) : (
            <time title={utc(atMs)} dateTime={utc(atMs)}>
              {clock(atMs)}
            </time>
          )}
          <span class="number">{atMs === undefined ? '' : signed(atMs - originMs)}</span>
          <span>{visible(what)}</span>
        </li>
      ))}
    </ol>
  );
}

const signed = (ms: number): string => `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;

function Subject({ subject: { name, seen, facts } }: { subject: LifeSubject }) {
  return (
    <article class="subject">
      <header>
        <b>{visible(name)}</b>
        <span class={`tag is-${seen.replaceAll(' ', '-')}`}>{seen}</span>
      </header>
      <dl class="facts">
        {facts.map(([fact, value]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

/** The stored rows, newest first. A search with Athena costs money and time, so a person starts it. */
function Rows({ workload, isDear }: { workload: string; isDear: boolean }) {
  const [isWanted, setWanted] = useState(!isDear);
  if (isWanted) return <FoundRows workload={workload} everyMs={isDear ? undefined : ROWS_AGAIN_MS} />;
  return (
    <Panel title="Rows">
      <button type="button" onClick={() => setWanted(true)}>
        Find its rows with Athena
      </button>
    </Panel>
  );
}

const ROWS_AGAIN_MS = 6000;

function FoundRows({ workload, everyMs }: { workload: string; everyMs: number | undefined }) {
  const { value, error } = useFetched<RowsView>(`rows?workload=${encodeURIComponent(workload)}`, everyMs);
  const rows = value?.rows ?? [];
  const queries = new Map<string, StoredRow[]>();
  for (const row of rows) {
    const name = `${row.rule} / ${row.query}`;
    queries.set(name, [...(queries.get(name) ?? []), row]);
  }
  return (
    <Panel
      title="Rows"
      aside={<p>{value ? `${value.hasMore ? 'the newest ' : ''}${count(rows.length, 'row')}` : ''}</p>}
    >
      <Trouble error={error} />
      {!value && !error ? <Empty>Searching …</Empty> : null}
      {value && rows.length === 0 ? <Empty>No row about it is stored.</Empty> : null}
      {[...queries].map(([name, those]) => (
        <RowTable key={name} name={name} rows={those} />
      ))}
    </Panel>
  );
}

function RowTable({ name, rows }: { name: string; rows: readonly StoredRow[] }) {
  const columns = [...new Set(rows.flatMap(({ columns }) => Object.keys(columns ?? {})))];
  return (
    <section class="rowset">
      <h3>
        {visible(name)} <small>{count(rows.length, 'row')}</small>
      </h3>
      <div class="wide">
        <table class="data">
          <thead>
            <tr>
              <th>stored</th>
              {columns.map((column) => (
                <th key={column}>{visible(column)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={`${row.atMs} ${index}`}>
                <td>
                  <time title={when(row.atMs)}>{clock(row.atMs)}</time>
                </td>
                {row.columns === null ? (
                  <td colSpan={Math.max(1, columns.length)}>{visible(row.message) || 'no row'}</td>
                ) : (
                  columns.map((column) => (
                    <td key={column}>
                      <Text mono>{row.columns?.[column] ?? ''}</Text>
                    </td>
                  ))
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
