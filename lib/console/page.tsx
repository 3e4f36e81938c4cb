import { render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { About } from './api.ts';
import { Ask } from './ask.tsx';
import { Coverage } from './coverage.tsx';
import { useFetched } from './fetched.ts';
import { Hosts } from './hosts.tsx';
import { isShortcut } from './keys.ts';
import { LifePage } from './life.tsx';
import { type Live, useLive } from './live.ts';
import { Mtta } from './mtta.tsx';
import { Now } from './now.tsx';
import { PageError, Trouble } from './parts.tsx';
import { Policy } from './policy.tsx';
import { count, visible, when } from './shown.ts';

const VIEWS = [
  ['now', 'Now'],
  ['coverage', 'Coverage'],
  ['mtta', 'MTTA'],
  ['hosts', 'Hosts'],
  ['ask', 'Ask'],
  ['policy', 'Policy'],
] as const;
type View = (typeof VIEWS)[number][0] | 'life';

/** What the address of the page shows. */
interface Route {
  readonly view: View;
  /** The workload of the view `life`, otherwise empty. */
  readonly workload: string;
}

function routeOf(hash: string): Route {
  const [, view = '', workload = ''] = /^#\/(\w+)\/?(.*)$/.exec(hash) ?? [];
  if (view === 'life') return { view, workload: decodeURIComponent(workload) };
  return { view: VIEWS.find(([id]) => id === view)?.[0] ?? 'now', workload: '' };
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const change = () => {
      setRoute(routeOf(location.hash));
      document.querySelector<HTMLElement>('main')?.scrollTo(0, 0);
    };
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}

/** The action of a key outside of inputs; undefined if it has none. */
function actionOf(key: string, toggleHelp: () => void): (() => void) | undefined {
  const view = VIEWS[Number(key) - 1];
  if (view) return () => (location.hash = `#/${view[0]}`);
  if (key === '?') return toggleHelp;
  if (key === '/') return () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus();
  if (key === 'Escape' && location.hash.startsWith('#/life/')) return () => history.back();
  return undefined;
}

/** 1 to 6 choose a view, / the filter, ? the list of keys. */
function useKeys(toggleHelp: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!isShortcut(event)) return;
      const action = actionOf(event.key, toggleHelp);
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [toggleHelp]);
}

function Page() {
  const { value: about, error } = useFetched<About>('about');
  const live = useLive(about);
  const trouble = error ?? live.error;
  const route = useRoute();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const toggleHelp = useCallback(() => setHelpOpen((isOpen) => !isOpen), []);
  useKeys(toggleHelp);
  useEffect(() => {
    const view = VIEWS.find(([id]) => id === route.view)?.[1] ?? 'One life';
    document.title = `${view} · Mayfly`;
  }, [route.view]);
  return (
    <>
      <Head about={about} live={live} view={route.view} onHelp={() => setHelpOpen(true)} />
      <main>
        <Trouble error={trouble} />
        <PageError.Provider value={trouble}>
          {about ? <Chosen route={route} about={about} live={live} /> : null}
        </PageError.Provider>
      </main>
      {isHelpOpen ? <Help onClose={() => setHelpOpen(false)} /> : null}
    </>
  );
}

function Chosen({ route, about, live }: { route: Route; about: About; live: Live }) {
  switch (route.view) {
    case 'now':
      return <Now live={live} about={about} />;
    case 'coverage':
      return <Coverage live={live} />;
    case 'mtta':
      return <Mtta live={live} />;
    case 'life':
      return <LifePage key={route.workload} workload={route.workload} live={live} about={about} />;
    case 'hosts':
      return <Hosts live={live} />;
    case 'ask':
      return <Ask about={about} />;
    case 'policy':
      return <Policy />;
    default:
      return unknownView(route.view);
  }
}

function unknownView(view: never): never {
  throw new Error(`no view ${view}`);
}

interface HeadProps {
  readonly about: About | undefined;
  readonly live: Live;
  readonly view: View;
  readonly onHelp: () => void;
}

function Head({ about, live, view, onHelp }: HeadProps) {
  const isOn = live.isLoaded && !live.error;
  return (
    <header class="head">
      <a class="brand" href="#/now">
        <img src="/icon.svg" alt="" width="24" height="24" />
        Mayfly
      </a>
      <nav aria-label="Views">
        {VIEWS.map(([id, name], index) => (
          <a
            key={id}
            href={`#/${id}`}
            aria-current={id === view || (view === 'life' && id === 'now') ? 'page' : undefined}
            title={`${name} (${index + 1})`}
          >
            {name}
          </a>
        ))}
      </nav>
      <Reading about={about} live={live} />
      <Kept about={about} live={live} />
      <span class="whose">
        <i class={isOn ? 'dot is-on' : 'dot'} aria-hidden="true" />
        <span role="status">{about ? visible(`${isOn ? '' : 'waiting for '}${about.name}`) : 'loading'}</span>
      </span>
      <button type="button" class="quiet" onClick={onHelp} title="Keys (?)" aria-label="Keys">
        ?
      </button>
    </header>
  );
}

/** Shows how far back lives have been read, while older ones are missing: all figures are about those read so far. */
function Reading({ about, live: { known, backToMs, aheadMs } }: Pick<HeadProps, 'about' | 'live'>) {
  if (!about || backToMs === undefined) return null;
  const nowMs = Date.now() + aheadMs;
  const read = `${count(known.sorted.length, 'life', 'lives')}, back to ${when(backToMs)}`;
  return (
    <span class="reading" title={`Figures are about the lives that are read so far: ${read}`}>
      <progress max={nowMs - about.sinceMs} value={nowMs - backToMs} aria-label="Lives read" />
      reading {read}
    </span>
  );
}

/** Says that the page keeps the latest lives alone, once it has as many as it keeps. */
function Kept({ about, live: { known, backToMs } }: Pick<HeadProps, 'about' | 'live'>) {
  const { sorted, droppedMs } = known;
  if (!about || backToMs !== undefined || sorted.length < about.mostLives) return null;
  const since = droppedMs === undefined ? '' : `: older than ${when(droppedMs)} only those that still run`;
  return (
    <span class="reading" title="Coverage and MTTA count all lives, and mayfly tasks lists them.">
      the latest {count(sorted.length, 'life', 'lives')}
      {since}
    </span>
  );
}

const KEYS = [
  ['1 – 6', 'choose a view'],
  ['/', 'filter'],
  ['↑ ↓, j k', 'move in the list'],
  ['Enter', 'open a life'],
  ['Esc', 'back'],
  ['Ctrl-Space', 'complete a table or column'],
  ['Ctrl-Enter', 'run the query'],
  ['?', 'this list'],
] as const;

function Help({ onClose }: { onClose: () => void }) {
  return (
    <dialog
      class="help"
      ref={(dialog) => {
        if (dialog && !dialog.open) dialog.showModal();
      }}
      onClose={onClose}
    >
      <h2>Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}

const root = document.getElementById('page');
if (root) render(<Page />, root);
