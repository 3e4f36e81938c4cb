import type { FieldChange, PolicyDiff, QueryChange } from './diff.ts';

const SIGN = { added: '+', removed: '-', changed: '~' } as const;

/** A diff for people, one change per line: `+` added, `-` removed, `~` changed. It has no colours; the CLI adds them. */
export function diffText(diff: PolicyDiff): string {
  if (diff.isEmpty) return 'nothing changes\n';
  const lines = [
    ...diff.rules.flatMap(({ rule, kind, answers, fields, queries }) => [
      `${SIGN[kind]} rule ${rule}: ${answers}`,
      ...(kind === 'removed'
        ? []
        : [...fields.flatMap((field) => fieldLines(field, kind)), ...queries.flatMap(queryLines)]),
    ]),
    ...diff.profiles.flatMap(({ profile, kind, fields }) => [
      `${SIGN[kind]} profile ${profile}`,
      ...(kind === 'removed' ? [] : fields.flatMap((field) => fieldLines(field, kind))),
    ]),
    ...(diff.profileOrder ? [`~ profiles are tried in another order: ${diff.profileOrder.after.join(', ')}`] : []),
    ...(diff.limits.length > 0 ? ['~ limits', ...diff.limits.flatMap((field) => fieldLines(field, 'changed'))] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function fieldLines({ field, before, after }: FieldChange, kind: 'added' | 'changed' | 'removed'): string[] {
  if (field === 'answers' && kind === 'added') return []; // already in the heading
  if (before === undefined) return [`    + ${field}: ${shown(after)}`];
  if (after === undefined) return [`    - ${field}: ${shown(before)}`];
  const [was, is] = [shown(before), shown(after)];
  const short = was.length + is.length <= 80;
  return short ? [`    ~ ${field}: ${was} → ${is}`] : [`    ~ ${field}:`, `      - ${was}`, `      + ${is}`];
}

function queryLines({ query, set, kind, sql, fields }: QueryChange): string[] {
  return [
    `  ${SIGN[kind]} ${set === 'live' ? 'query' : 'post-mortem query'} ${query}`,
    ...fields.flatMap((field) => fieldLines(field, kind)),
    ...sql.map(({ sign, text }) => `    ${sign} ${text}`.trimEnd()),
  ];
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
