import { useMemo, useState } from 'preact/hooks';
import type { CoverageView, LifeVerdict } from './api.ts';
import { Chart } from './chart.tsx';
import { useFetched } from './fetched.ts';
import { againMs, type Live } from './live.ts';
import { Empty, Figure, lifeAddress, Panel, Text, Trouble, Waits } from './parts.tsx';
import { count, percent, shortId, visible, when } from './shown.ts';

const SHOWN: readonly (readonly [LifeVerdict, colour: string])[] = [
  ['seen', '--seen'],
  ['post-mortem', '--post-mortem'],
  ['missed', '--missed'],
  ['pending', '--pending'],
];

/** Coverage over time beside a schedule's, verdicts by number, clusters, and misses by reason. */
export function Coverage({ live }: { live: Live }) {
  const [cluster, setCluster] = useState('');
  const { value: view, error } = useFetched<CoverageView>(
    `coverage${cluster ? `?cluster=${encodeURIComponent(cluster)}` : ''}`,
    againMs(live),
  );
  // Charts are redrawn for new figures, not for each change of a life.
  return useMemo(
    () =>
      view ? <Figures view={view} error={error} cluster={cluster} choose={setCluster} /> : <Trouble error={error} />,
    [view, error, cluster],
  );
}

function Figures({ view, error, cluster, choose }: ClustersProps & { error: string | undefined }) {
  const times = view.steps.map(({ atMs }) => atMs);
  return (
    <div class="stack">
      <Trouble error={error} />
      <section class="summary">
        <dl>
          <Figure name={cluster ? `covered in ${visible(cluster)}` : 'covered'}>
            <span class="of-mayfly">{percent(view.all.share)}</span>
          </Figure>
          <Figure name="a query every 60 s">
            <span class="of-schedule">{percent(view.scheduleShare)}</span>
          </Figure>
          {SHOWN.map(([verdict]) => (
            <Figure key={verdict} name={verdict}>
              {view.all.verdicts[verdict].toLocaleString('en-US')}
            </Figure>
          ))}
        </dl>
      </section>
      <Panel
        title="Coverage over time"
        aside={<p>share of lives that were seen, by when they began, without pending ones</p>}
      >
        <Chart
          label="Coverage over time"
          times={times}
          format={(value) => `${Math.round(value)} %`}
          max={104}
          lines={[
            {
              name: 'Mayfly',
              colour: '--seen',
              filled: true,
              values: view.steps.map(({ share }) => (share === null ? null : share * 100)),
            },
            {
              name: 'every 60 s',
              colour: '--schedule',
              kind: 'dashed',
              values: view.steps.map(({ scheduleShare: share }) => (share === null ? null : share * 100)),
            },
          ]}
        />
      </Panel>
      <Panel title="Verdicts" aside={<p>{count(view.all.workloads, 'life', 'lives')}</p>}>
        <Chart
          label="Verdicts over time"
          times={times}
          height={170}
          stacked
          format={(value) => String(Math.round(value))}
          lines={SHOWN.map(([verdict, colour]) => ({
            name: verdict,
            colour,
            kind: 'bars',
            values: view.steps.map(({ verdicts }) => verdicts[verdict]),
          }))}
        />
      </Panel>
      <Clusters view={view} cluster={cluster} choose={choose} />
      <Reasons reasons={view.reasons} />
    </div>
  );
}

interface ClustersProps {
  readonly view: CoverageView;
  readonly cluster: string;
  readonly choose: (cluster: string) => void;
}

function Clusters({ view, cluster, choose }: ClustersProps) {
  const all = (
    <button type="button" class="quiet" onClick={() => choose('')}>
      All clusters
    </button>
  );
  return (
    <Panel title="Clusters" aside={cluster ? all : undefined}>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th>cluster</th>
              <th class="number">lives</th>
              <th class="number">covered</th>
              <th class="number">seen</th>
              <th class="number">post-mortem</th>
              <th class="number">missed</th>
              <th class="number">median</th>
              <th class="number">95 %</th>
              <th class="number">max</th>
            </tr>
          </thead>
          <tbody>
            {view.clusters.map(({ cluster: name, ...each }) => (
              <tr key={name}>
                <td>
                  {name === null ? (
                    'EC2 instances'
                  ) : (
                    <button type="button" class="link" onClick={() => choose(name)}>
                      {visible(name)}
                    </button>
                  )}
                </td>
                <td class="number">{each.workloads.toLocaleString('en-US')}</td>
                <td class="number">{percent(each.share)}</td>
                <td class="number">{each.verdicts.seen}</td>
                <td class="number">{each.verdicts['post-mortem']}</td>
                <td class="number">{each.verdicts.missed}</td>
                <Waits waits={each.timeToAnswerMs} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Reasons({ reasons }: Pick<CoverageView, 'reasons'>) {
  return (
    <Panel title="Misses by reason">
      {reasons.length === 0 ? <Empty>Nothing was missed.</Empty> : null}
      {reasons.map(({ reason, advice, count: misses, latest }) => (
        <details key={reason} class="reason">
          <summary>
            <b>{reason}</b>
            <span class="number">{misses.toLocaleString('en-US')}</span>
            <p>{advice}</p>
          </summary>
          <ul class="lives">
            {latest.map(({ workload, family, host = '', atMs }) => (
              <li key={workload}>
                <a href={lifeAddress(workload)}>
                  {visible(family)} <small>{shortId(workload)}</small>
                </a>
                <Text mono>{host}</Text>
                <time>{when(atMs)}</time>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </Panel>
  );
}
