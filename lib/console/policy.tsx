import { useState } from 'preact/hooks';
import type { DiffView, VersionHead, VersionView } from './api.ts';
import { useFetched } from './fetched.ts';
import { Empty, Panel, Trouble } from './parts.tsx';
import { count, visible, when } from './shown.ts';

const AGAIN_MS = 10_000;

/** The versions of the policy, what each one changed, and what it holds. */
export function Policy() {
  const { value: versions, error } = useFetched<VersionHead[]>('versions', AGAIN_MS);
  const [chosen, setChosen] = useState<number>();
  const [base, setBase] = useState<number>();
  if (!versions) return <Trouble error={error} />;
  const number = chosen ?? versions[0]?.version;
  if (number === undefined) return <Empty>There is no policy yet: its deployment stores the default one.</Empty>;
  return (
    <div class="sides">
      <Trouble error={error} />
      <Panel title="Versions" aside={<p>{count(versions.length, 'version')}</p>}>
        <ol class="versions">
          {versions.map((head) => (
            <li key={head.version}>
              <button type="button" aria-pressed={head.version === number} onClick={() => setChosen(head.version)}>
                <b>{head.version}</b>
                {head.isLive ? <span class="tag is-alive">live</span> : null}
                <span>{visible(head.message)}</span>
                <small>
                  {visible(head.pushedBy)}, {when(head.pushedAtMs)}
                </small>
              </button>
            </li>
          ))}
        </ol>
      </Panel>
      <div class="stack">
        <Changes
          versions={versions}
          to={number}
          from={base !== undefined && base !== number ? base : number - 1}
          setBase={setBase}
        />
        <Version number={number} />
      </div>
    </div>
  );
}

interface ChangesProps {
  readonly versions: readonly VersionHead[];
  readonly from: number;
  readonly to: number;
  readonly setBase: (version: number) => void;
}

function Changes({ versions, from, to, setBase }: ChangesProps) {
  const { value: diff, error } = useFetched<DiffView>(`diff?from=${from}&to=${to}`);
  const others = versions.filter(({ version }) => version !== to).map(({ version }) => version);
  const chooser = (
    <label>
      compared with{' '}
      <select value={from} onChange={({ currentTarget }) => setBase(Number(currentTarget.value))}>
        {[...others, 0].map((version) => (
          <option key={version} value={version}>
            {version === 0 ? 'no policy' : `version ${version}`}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title={`Version ${to}`} aside={chooser}>
      <Trouble error={error} />
      {diff ? <Diff text={diff.text} /> : null}
    </Panel>
  );
}

const SIGNS: Readonly<Record<string, string>> = { '+': 'is-added', '-': 'is-removed', '~': 'is-changed' };

function Diff({ text }: { text: string }) {
  const lines = text.trimEnd().split('\n');
  return (
    <pre class="diff">
      {lines.map((line, index) => (
        <span key={`${index} ${line}`} class={SIGNS[line.trimStart().charAt(0)]}>
          {visible(line)}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

function Version({ number }: { number: number }) {
  const { value: version, error } = useFetched<VersionView>(`version?number=${number}`);
  if (!version) return <Trouble error={error} />;
  const files = Object.keys(version.sources).sort();
  return (
    <>
      <Panel title="Rules" aside={<p>{count(version.rules.length, 'rule')}</p>}>
        {version.rules.map(({ name, answers, queries }) => (
          <details key={name} class="reason">
            <summary>
              <b>{visible(name)}</b>
              <span class="number">{count(queries.length, 'query', 'queries')}</span>
              <p>{visible(answers)}</p>
            </summary>
            {queries.map((query) => (
              <div key={`${query.set} ${query.name}`} class="query">
                <h3>
                  {visible(query.name)} {query.set === 'live' ? null : <small>post-mortem</small>}
                </h3>
                <pre>{visible(query.sql)}</pre>
              </div>
            ))}
          </details>
        ))}
      </Panel>
      <Panel title="Files" aside={<p>{count(files.length, 'file')}</p>}>
        {files.map((file) => (
          <details key={file} class="reason">
            <summary>
              <b class="mono">{visible(file)}</b>
            </summary>
            <pre>{(version.sources[file] ?? '').split('\n').map(visible).join('\n')}</pre>
          </details>
        ))}
      </Panel>
    </>
  );
}
