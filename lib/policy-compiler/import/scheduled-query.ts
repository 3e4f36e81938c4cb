import { FAST_SECONDS } from '../compile/check-config.ts';
import { queryValues } from '../compile/pack-values.ts';
import { ScheduledQuery } from '../format/profile.ts';
import type { Draft, DraftQuery, Origin } from './draft.ts';
import { isObject, type JsonObject } from './json.ts';

const KNOWN: readonly string[] = Object.keys(ScheduledQuery.shape);

/**
 * A scheduled query as a policy file has it. Numbers and flags may be texts, as osquery accepts them.
 *
 * @returns undefined if it is no object
 */
export function scheduledQuery(draft: Draft, origin: Origin, name: string, value: unknown): DraftQuery | undefined {
  if (!isObject(value)) {
    draft.leaveOut(origin, `query "${name}"`, 'it is not a map with "query" and "interval"');
    return undefined;
  }
  if (name === '__proto__') {
    draft.leaveOut(origin, `query "${name}"`, 'a policy cannot have this name');
    return undefined;
  }
  const kept: Record<string, unknown> = { ...(queryValues(value) as JsonObject) };
  for (const key of Object.keys(value)) {
    if (KNOWN.includes(key)) continue;
    delete kept[key];
    draft.leaveOut(origin, `"${key}" of query "${name}"`, 'osquery has no such key');
  }
  for (const key of ['description', 'value'] as const) {
    if (typeof value[key] === 'string' && value[key] !== '') kept[key] = value[key];
  }
  if (typeof kept.query === 'string') kept.query = kept.query.trim();
  return { ...origin, value: kept };
}

/** Accepts a schedule that is faster than a policy allows by default, and notes it. */
export function acceptFast(draft: Draft, name: string, { value, ...origin }: DraftQuery): void {
  const interval = Number(value.interval ?? FAST_SECONDS);
  if (!(interval >= 1 && interval < FAST_SECONDS) || value.allow_fast === true) return;
  value.allow_fast = true;
  draft.change(
    origin,
    `query "${name}"`,
    `it still runs every ${interval} s, now with allow_fast: a rule on an event sees short lives and costs the host less`,
  );
}
