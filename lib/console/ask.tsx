import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { About, LintView, PlatformName, SchemaView } from './api.ts';
import { Campaign, Campaigns, Question } from './campaign.tsx';
import { openEditor } from './editor.ts';
import { post, useFetched } from './fetched.ts';
import { Empty, Panel, Trouble } from './parts.tsx';

const PLATFORMS: readonly (readonly [PlatformName, string])[] = [
  ['linux', 'Linux'],
  ['darwin', 'macOS'],
  ['windows', 'Windows'],
];
const FIRST = "SELECT id, name, image, state, pid\nFROM docker_containers\nWHERE state = 'running'";

const nonceOfPage = (): string => document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? '';

/** The view for live queries: an editor that knows osquery's tables, a choice of hosts, and rows as they arrive. */
export function Ask({ about }: { about: About }) {
  const { value: schema, error } = useFetched<SchemaView>('schema');
  const [text, setText] = useState(() => sessionStorage.getItem('sql') ?? FIRST);
  const [platforms, setPlatforms] = useState<readonly PlatformName[]>(['linux']);
  const [report, setReport] = useState<LintView>();
  const [id, setId] = useState<string>();
  const run = useRef<() => void>(() => undefined);
  const change = (sql: string) => {
    setText(sql);
    sessionStorage.setItem('sql', sql);
  };
  if (!schema) return <Trouble error={error} />;
  return (
    <div class="sides is-ask">
      <div class="stack">
        <Panel title="Query" aside={<Platforms chosen={platforms} choose={setPlatforms} />}>
          <Editor
            key={platforms.join()}
            schema={schema}
            text={text}
            platforms={platforms}
            onChange={change}
            onReport={setReport}
            onRun={() => run.current()}
          />
          <Report report={report} />
          <Question sql={text} onAsked={setId} run={run} />
        </Panel>
        {id === undefined ? null : <Campaign key={id} id={id} chosen={about.chosen} />}
        <Campaigns chosen={id} choose={setId} />
      </div>
      <Tables schema={schema} platforms={platforms} />
    </div>
  );
}

interface PlatformsProps {
  readonly chosen: readonly PlatformName[];
  readonly choose: (platforms: readonly PlatformName[]) => void;
}

const Platforms = ({ chosen, choose }: PlatformsProps) => (
  <fieldset class="choice" aria-label="Platforms">
    {PLATFORMS.map(([platform, name]) => {
      const isOn = chosen.includes(platform);
      const others = chosen.filter((one) => one !== platform);
      return (
        <button
          key={platform}
          type="button"
          aria-pressed={isOn}
          onClick={() => choose(isOn && others.length > 0 ? others : [...others, platform])}
        >
          {name}
        </button>
      );
    })}
  </fieldset>
);

interface EditorProps {
  readonly schema: SchemaView;
  readonly text: string;
  readonly platforms: readonly PlatformName[];
  readonly onChange: (text: string) => void;
  readonly onReport: (report: LintView) => void;
  readonly onRun: () => void;
}

function Editor({ schema, text, platforms, onChange, onReport, onRun }: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parent = box.current;
    if (!parent) return undefined;
    const known = schema.tables.filter((table) => platforms.some((platform) => table.platforms.includes(platform)));
    const editor = openEditor({
      parent,
      text,
      schema: { ...schema, tables: known },
      nonce: nonceOfPage(),
      lint: async (sql) => {
        const report = await post<LintView>('lint', { sql, platforms }).catch(() => undefined);
        if (report) onReport(report);
        return report?.problems ?? []; // the page says that the console does not answer; the next change is checked again
      },
      onChange,
      onRun,
    });
    return () => editor.destroy();
  }, []);
  return <div class="editor" ref={box} />;
}

function Report({ report }: { report: LintView | undefined }) {
  if (!report) return null;
  const { problems, columns } = report;
  return (
    <div class="report" role="status">
      {problems.map(({ severity, message, hint, offset }) => (
        <p key={`${offset} ${message}`} class={`is-${severity}`}>
          <b>{severity}</b> {message}
          {hint ? <small>{hint}</small> : null}
        </p>
      ))}
      {problems.length === 0 ? (
        <p class="is-fine">
          <b>fine</b> osquery accepts it, and returns {columns.join(', ')}
        </p>
      ) : null}
    </div>
  );
}

function Tables({ schema, platforms }: { schema: SchemaView; platforms: readonly PlatformName[] }) {
  const [text, setText] = useState('');
  const found = useMemo(() => {
    const word = text.toLowerCase();
    return schema.tables.filter(
      ({ name, columns, platforms: its }) =>
        its.some((platform) => platforms.includes(platform)) &&
        (name.includes(word) || (word.length > 2 && columns.some(([column]) => column.includes(word)))),
    );
  }, [schema, platforms, text]);
  return (
    <Panel title="Tables" aside={<p>osquery {schema.osquery}</p>}>
      <input
        type="search"
        placeholder="Find a table or column  ( / )"
        aria-label="Find a table"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      {found.length === 0 ? <Empty>No table has this name or column on these platforms.</Empty> : null}
      <div class="tables">
        {found.map(({ name, columns }) => (
          <details key={name}>
            <summary class="mono">{name}</summary>
            <ul>
              {columns.map(([column, type, isRequired]) => (
                <li key={column}>
                  <span class="mono">{column}</span> <small>{type.toLowerCase()}</small>
                  {isRequired ? <span class="tag">required</span> : null}
                </li>
              ))}
            </ul>
          </details>
        ))}
      </div>
    </Panel>
  );
}
