import { useMemo } from 'preact/hooks';
import type { MttaView } from './api.ts';
import { Chart, type Line } from './chart.tsx';
import { useFetched } from './fetched.ts';
import { againMs, type Live } from './live.ts';
import { Empty, Figure, lifeAddress, Panel, Text, Trouble, Waits } from './parts.tsx';
import { duration, shortId, visible, when } from './shown.ts';

const STAGES: Readonly<Record<string, string>> = {
  eventToReceivedMs: 'event → received',
  receivedToQueuedMs: 'received → queued',
  queuedToDeliveredMs: 'queued → delivered',
  deliveredToAnsweredMs: 'delivered → answered',
  answeredToStoredMs: 'answered → stored',
};

/** The guaranteed bound of each class of nodes beside what was measured, over time and by stage. */
export function Mtta({ live }: { live: Live }) {
  const { value: view, error } = useFetched<MttaView>('mtta', againMs(live));
  // Charts are redrawn for new figures, not for each change of a life.
  return useMemo(() => (view ? <Figures view={view} error={error} /> : <Trouble error={error} />), [view, error]);
}

function Figures({ view, error }: { view: MttaView; error: string | undefined }) {
  const { timeToAnswerMs: waits, steps, classes } = view;
  const bounds = classes.filter(({ inForce }) => inForce);
  return (
    <div class="stack">
      <Trouble error={error} />
      <section class="summary">
        <dl>
          {bounds.map(({ name, boundMs }) => (
            <Figure key={name} name={bounds.length === 1 ? 'guaranteed bound' : `bound of ${visible(name)}`}>
              {duration(boundMs)}
            </Figure>
          ))}
          <Figure name="slowest answer">{waits ? duration(waits.max) : '–'}</Figure>
          <Figure name="95 % within">{waits ? duration(waits.p95) : '–'}</Figure>
          <Figure name="median">{waits ? duration(waits.p50) : '–'}</Figure>
          <Figure name="late answers">{view.late.length}</Figure>
        </dl>
      </section>
      <Panel
        title="Time to answer"
        aside={<p>from the event to the first row; plan with the bound, not with an average</p>}
      >
        <Chart
          label="Time to answer over time"
          times={steps.map(({ atMs }) => atMs)}
          height={260}
          format={axisText}
          lines={linesOf(view)}
        />
      </Panel>
      <Stages stages={view.stages} />
      <Classes classes={classes} />
      <Late late={view.late} />
    </div>
  );
}

/** A label of the time axis, whose steps may be half a second. */
const axisText = (ms: number): string => (ms > 0 && ms < 60_000 ? `${ms / 1000} s` : duration(ms));

function linesOf({ steps, classes }: MttaView): Line[] {
  const bounds = classes.filter(({ inForce }) => inForce).map(({ boundMs }) => boundMs);
  const boundMs = bounds.length === 0 ? undefined : Math.max(...bounds);
  const lines: Line[] = [
    { name: 'slowest', colour: '--missed', values: steps.map(({ waits }) => waits?.max ?? null) },
    { name: '95 %', colour: '--post-mortem', values: steps.map(({ waits }) => waits?.p95 ?? null) },
    { name: 'median', colour: '--seen', filled: true, values: steps.map(({ waits }) => waits?.p50 ?? null) },
  ];
  if (boundMs === undefined) return lines;
  return [{ name: 'bound', colour: '--faint', kind: 'dashed', values: steps.map(() => boundMs) }, ...lines];
}

const HEADS = ['median', '95 %', 'max'].map((head) => (
  <th key={head} class="number">
    {head}
  </th>
));

function Stages({ stages }: Pick<MttaView, 'stages'>) {
  return (
    <Panel title="Where the time goes">
      <table>
        <thead>
          <tr>
            <th>stage</th>
            {HEADS}
          </tr>
        </thead>
        <tbody>
          {stages.map(({ stage, waits }) => (
            <tr key={stage}>
              <td>{STAGES[stage] ?? stage}</td>
              <Waits waits={waits} />
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function Classes({ classes }: Pick<MttaView, 'classes'>) {
  return (
    <Panel title="Classes of nodes" aside={<p>a class is a profile of the policy</p>}>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th>profile</th>
              <th class="number">nodes</th>
              <th class="number">polls every</th>
              <th class="number">bound</th>
              <th class="number">answers</th>
              {HEADS}
              <th class="number">late</th>
            </tr>
          </thead>
          <tbody>
            {classes.map((each) => (
              <tr key={`${each.name} ${each.intervalSeconds}`}>
                <td>
                  <Text>{each.name}</Text> {each.inForce ? null : <small>before</small>}
                </td>
                <td class="number">{each.nodes}</td>
                <td class="number">{each.intervalSeconds} s</td>
                <td class="number">{duration(each.boundMs)}</td>
                <td class="number">{each.answers}</td>
                <Waits waits={each.timeToAnswerMs} />
                <td class="number">{each.late}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Late({ late }: Pick<MttaView, 'late'>) {
  return (
    <Panel title="Late answers">
      {late.length === 0 ? <Empty>Every answer came within its bound.</Empty> : null}
      <ul class="lives">
        {late.map(({ workload, host, atMs, timeToAnswerMs, lateByMs }) => (
          <li key={workload}>
            <a href={lifeAddress(workload)}>{shortId(workload)}</a>
            <Text mono>{host}</Text>
            <span>
              {duration(timeToAnswerMs)}, late by {duration(lateByMs)}
            </span>
            <time>{when(atMs)}</time>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
