import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { LifeVerdict, Percentiles } from './api.ts';
import { duration, visible } from './shown.ts';

/** The address of a life's page. */
export const lifeAddress = (workload: string): string => `#/life/${encodeURIComponent(workload)}`;

export function Verdict({ verdict, reason }: { verdict: LifeVerdict; reason?: string }) {
  return (
    <span class={`verdict is-${verdict}`}>
      <i aria-hidden="true" />
      {verdict}
      {reason ? <small>{reason}</small> : null}
    </span>
  );
}

/** A share as a bar beside its figure. */
export function Meter({ share, kind }: { share: number | null; kind: 'mayfly' | 'schedule' }) {
  return (
    <span class={`meter of-${kind}`} aria-hidden="true">
      <i style={{ width: `${(share ?? 0) * 100}%` }} />
    </span>
  );
}

export function Figure({ name, children, note }: { name: string; children: ComponentChildren; note?: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {children}
        {note ? <small>{note}</small> : null}
      </dd>
    </div>
  );
}

export function Panel({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="panel">
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Untrusted text on one line; the tooltip has all of it. */
export function Text({ children, mono }: { children: string; mono?: boolean }) {
  const text = visible(children);
  return (
    <span class={mono ? 'text mono' : 'text'} title={text}>
      {text}
    </span>
  );
}

export const Waits = ({ waits }: { waits: Percentiles | null }) =>
  waits ? (
    <>
      <td class="number">{duration(waits.p50)}</td>
      <td class="number">{duration(waits.p95)}</td>
      <td class="number">{duration(waits.max)}</td>
    </>
  ) : (
    <>
      <td class="number">–</td>
      <td class="number">–</td>
      <td class="number">–</td>
    </>
  );

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** The error that stands above the view, such as a lost connection; parts of the view do not repeat it. */
export const PageError = createContext<string | undefined>(undefined);

export function Trouble({ error }: { error: string | undefined }) {
  const above = useContext(PageError);
  if (!error || error === above) return null;
  return (
    <p class="trouble" role="alert">
      {visible(error)}
    </p>
  );
}
