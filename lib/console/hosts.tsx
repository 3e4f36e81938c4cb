import { useState } from 'preact/hooks';
import type { HostView } from './api.ts';
import { useFetched } from './fetched.ts';
import { againMs, type Live } from './live.ts';
import { Empty, Figure, Panel, Text, Trouble } from './parts.tsx';
import { count, duration, visible, when } from './shown.ts';

const matches = (host: HostView, text: string): boolean =>
  JSON.stringify(host).toLowerCase().includes(text.toLowerCase());

/** All hosts; those with fleet issues come first. */
export function Hosts({ live }: { live: Live }) {
  const { value: hosts, error } = useFetched<HostView[]>('hosts', againMs(live));
  const [text, setText] = useState('');
  if (!hosts) return <Trouble error={error} />;
  const shown = text ? hosts.filter((host) => matches(host, text)) : hosts;
  const ill = hosts.filter(({ issues }) => issues.length > 0);
  const enrolled = hosts.filter(({ lastSeenAtMs }) => lastSeenAtMs !== undefined);
  return (
    <div class="stack">
      <Trouble error={error} />
      <section class="summary">
        <dl>
          <Figure name="hosts">{hosts.length.toLocaleString('en-US')}</Figure>
          <Figure name="enrolled">{enrolled.length.toLocaleString('en-US')}</Figure>
          <Figure name="with fleet issues">{ill.length.toLocaleString('en-US')}</Figure>
          <Figure name="running workloads">{hosts.reduce((sum, { running }) => sum + running, 0)}</Figure>
        </dl>
        <input
          type="search"
          placeholder="Filter hosts  ( / )"
          aria-label="Filter"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </section>
      {ill.length > 0 ? <Issues hosts={shown.filter(({ issues }) => issues.length > 0)} /> : null}
      <Panel title="Hosts" aside={<p>last seen is up to 5 minutes behind</p>}>
        {hosts.length === 0 ? <Empty>No node is enrolled, and no workload has named a host.</Empty> : null}
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th>host</th>
                <th>hostname</th>
                <th>platform</th>
                <th>profile</th>
                <th>osquery</th>
                <th>configuration</th>
                <th class="number">running</th>
                <th class="number">lives</th>
                <th class="number">missed</th>
                <th>last seen</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, MOST).map((host) => (
                <Row key={host.host} host={host} nowMs={Date.now() + live.aheadMs} />
              ))}
            </tbody>
          </table>
        </div>
        {shown.length > MOST ? <Empty>{count(shown.length - MOST, 'more host')}: use the filter.</Empty> : null}
      </Panel>
    </div>
  );
}

const MOST = 500;

function Issues({ hosts }: { hosts: readonly HostView[] }) {
  return (
    <Panel title="What is wrong">
      {hosts.map(({ host, issues }) =>
        issues.map(({ kind, sinceMs, detail, advice }) => (
          <article key={`${host} ${kind}`} class="issue">
            <header>
              <b>{kind}</b>
              <Text mono>{host}</Text>
              <time>since {when(sinceMs)}</time>
            </header>
            <p>{visible(detail)}</p>
            <p class="advice">{advice}</p>
          </article>
        )),
      )}
    </Panel>
  );
}

function Row({ host, nowMs }: { host: HostView; nowMs: number }) {
  const { hostname = '', platform = '', profile = '', osqueryVersion = '', lastSeenAtMs, isCurrent, issues } = host;
  return (
    <tr class={issues.length > 0 ? 'is-ill' : undefined}>
      <td>
        <Text mono>{host.host}</Text>
      </td>
      <td>
        <Text>{hostname}</Text>
      </td>
      <td>
        <Text>{platform}</Text>
      </td>
      <td>
        <Text>{profile}</Text>
      </td>
      <td>
        <Text>{osqueryVersion}</Text>
      </td>
      <td>{isCurrent === undefined ? <small>–</small> : isCurrent ? 'current' : <b class="is-bad">another</b>}</td>
      <td class="number">{host.running}</td>
      <td class="number">{host.lives}</td>
      <td class={host.missed > 0 ? 'number is-bad' : 'number'}>{host.missed}</td>
      <td>
        {lastSeenAtMs === undefined ? (
          <small>not enrolled</small>
        ) : (
          <time title={when(lastSeenAtMs)}>{duration(Math.max(0, nowMs - lastSeenAtMs))} ago</time>
        )}
      </td>
    </tr>
  );
}
