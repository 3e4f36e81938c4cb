import type { CatchCurve } from './catch-curves.ts';

const WIDTH = 760;
const HEIGHT = 440;
const PLOT = { left: 72, right: 736, top: 56, bottom: 356 };

/** Line styles that differ in grey too and that most color-blind people can distinguish, as do the marks. */
const STYLES = [
  { colour: '#8a8f98', dash: '6 4' },
  { colour: '#b45309', dash: '2 3' },
  { colour: '#1d4ed8', dash: '' },
  { colour: '#047857', dash: '' },
] as const;

const TICKS = [
  [1, '1 s'],
  [5, '5 s'],
  [10, '10 s'],
  [30, '30 s'],
  [60, '1 min'],
  [300, '5 min'],
  [600, '10 min'],
  [1800, '30 min'],
  [3600, '1 h'],
] as const;

const x = (lifetimeMs: number): number =>
  PLOT.left + (Math.log(lifetimeMs / 1000) / Math.log(3600)) * (PLOT.right - PLOT.left);
const y = (share: number): number => PLOT.bottom - share * (PLOT.bottom - PLOT.top);
const at = (value: number): string => value.toFixed(1);

/** Draws the catch rates by lifetime as SVG text, on a log axis from one second to one hour. */
export function catchPicture(curves: readonly CatchCurve[], caption: string): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>Catch rate by container lifetime</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${PLOT.left}" y="26" font-size="16" font-weight="600" fill="#111827">Containers seen, by how long they lived</text>`,
    `<text x="${PLOT.left}" y="44" fill="#4b5563">${escaped(caption)}</text>`,
    ...axes(),
    ...curves.map(curveOf),
    ...curves.map(legendOf),
    '</svg>\n',
  ].join('\n');
}

function axes(): string[] {
  const across = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<path d="M${PLOT.left} ${at(y(share))}H${PLOT.right}" stroke="#e5e7eb"/>` +
      `<text x="${PLOT.left - 8}" y="${at(y(share) + 4)}" text-anchor="end" fill="#374151">${100 * share} %</text>`,
  );
  const up = TICKS.map(
    ([seconds, label]) =>
      `<path d="M${at(x(1000 * seconds))} ${PLOT.top}V${PLOT.bottom}" stroke="#f3f4f6"/>` +
      `<text x="${at(x(1000 * seconds))}" y="${PLOT.bottom + 18}" text-anchor="middle" fill="#374151">${label}</text>`,
  );
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return [
    ...up,
    ...across,
    `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="#6b7280"/>`,
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 40}" text-anchor="middle" fill="#111827">lifetime of the container (log scale)</text>`,
    `<text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})" fill="#111827">share of containers seen</text>`,
  ];
}

const styleOf = (index: number) => STYLES[index % STYLES.length] ?? STYLES[0];

const strokeOf = (index: number): string => {
  const { colour, dash } = styleOf(index);
  return `fill="none" stroke="${colour}" stroke-width="2.5"${dash ? ` stroke-dasharray="${dash}"` : ''}`;
};

function curveOf({ points }: CatchCurve, index: number): string {
  const positions = points.map(({ lifetimeMs, share }) => [at(x(lifetimeMs)), at(y(share))] as const);
  const marks = positions.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${styleOf(index).colour}"/>`);
  return `<polyline points="${positions.map((position) => position.join(',')).join(' ')}" ${strokeOf(index)}/>${marks.join('')}`;
}

function legendOf({ name }: CatchCurve, index: number): string {
  const left = PLOT.left + (index % 2) * 332;
  const top = PLOT.bottom + 60 + Math.floor(index / 2) * 18;
  return (
    `<path d="M${left} ${top - 4}h28" ${strokeOf(index)}/>` +
    `<text x="${left + 36}" y="${top}" fill="#111827">${escaped(name)}</text>`
  );
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
