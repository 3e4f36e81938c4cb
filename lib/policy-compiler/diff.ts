import { diffArrays } from 'diff';
import { canonical } from '../core/policy/canonical.ts';
import type { Policy, PolicyQuery, PolicyRule, Profile } from '../core/policy/policy.ts';
import { sqlLines } from './sql-lines.ts';

/** A line that both texts have, or that only the later (`+`) or only the earlier (`-`) has. */
interface DiffLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** A field whose value differs; undefined for an absent value. */
export interface FieldChange {
  readonly field: string; // a path with dots
  readonly before: unknown;
  readonly after: unknown;
}

export interface QueryChange {
  readonly query: string;
  readonly set: 'live' | 'post-mortem';
  readonly kind: 'added' | 'removed' | 'changed';
  /** The diff of the SQL; empty if it is the same. */
  readonly sql: readonly DiffLine[];
  readonly fields: readonly FieldChange[];
}

interface RuleChange {
  readonly rule: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly answers: string;
  readonly fields: readonly FieldChange[];
  readonly queries: readonly QueryChange[];
}

interface ProfileChange {
  readonly profile: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly fields: readonly FieldChange[];
}

/** The differences between two policies that matter to hosts and nodes. */
export interface PolicyDiff {
  readonly rules: readonly RuleChange[];
  readonly profiles: readonly ProfileChange[];
  /** The order in which profiles are tried, if it changed among profiles in both policies. */
  readonly profileOrder?: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly limits: readonly FieldChange[];
  readonly isEmpty: boolean;
}

/**
 * Compares two policies.
 *
 * @param before undefined if there is no policy yet: then everything is added
 * @example diffText(diffPolicies(live, compiled)) // '~ rule container-running: …\n    ~ priority: 5 → 3\n'
 */
export function diffPolicies(before: Policy | undefined, after: Policy): PolicyDiff {
  const rules = pairs(before?.rules ?? [], after.rules, ({ name }) => name).flatMap(ruleChange);
  const profiles = pairs(before?.profiles ?? [], after.profiles, ({ name }) => name).flatMap(profileChange);
  const limits = fieldChanges(settings(before), settings(after));
  const order = before && orderChange(before.profiles, after.profiles);
  const isEmpty = rules.length + profiles.length + limits.length === 0 && !order;
  return { rules, profiles, profileOrder: order, limits, isEmpty };
}

const settings = (policy: Policy | undefined) =>
  policy
    ? {
        ...policy.limits,
        heatSeconds: policy.heatSeconds,
        ledgerKeepsSeconds: policy.ledgerKeepsSeconds,
        adHoc: policy.adHoc,
      }
    : undefined;

function ruleChange([before, after]: Pair<PolicyRule>): RuleChange[] {
  const { name, answers } = after ?? before;
  const queries = [
    ...pairs(before?.queries ?? [], after?.queries ?? [], nameOf).flatMap((pair) => queryChange(pair, 'live')),
    ...pairs(before?.postMortem ?? [], after?.postMortem ?? [], nameOf).flatMap((pair) =>
      queryChange(pair, 'post-mortem'),
    ),
  ];
  const fields = fieldChanges(ruleFields(before), ruleFields(after));
  const kind = kindOf(before, after);
  return kind === 'changed' && fields.length + queries.length === 0
    ? []
    : [{ rule: name, kind, answers, fields, queries }];
}

const nameOf = ({ name }: PolicyQuery) => name;

/** The fields of a rule except its queries, and without fields that have no effect. */
function ruleFields(rule: PolicyRule | undefined): object | undefined {
  if (!rule) return undefined;
  const { name: _, queries: __, postMortem, accelerateSeconds, postMortemExpiresSeconds, lastGasp, ...fields } = rule;
  return {
    ...fields,
    accelerateSeconds: accelerateSeconds > 0 ? accelerateSeconds : undefined,
    lastGasp: lastGasp ? true : undefined,
    postMortemExpiresSeconds: postMortem.length > 0 ? postMortemExpiresSeconds : undefined,
  };
}

function queryChange([before, after]: Pair<PolicyQuery>, set: QueryChange['set']): QueryChange[] {
  const { name } = after ?? before;
  const rest = ({ name: _, sql: __, ...fields }: PolicyQuery) => fields;
  const fields = fieldChanges(before && rest(before), after && rest(after));
  const sql = before?.sql === after?.sql ? [] : sqlDiff(before?.sql, after?.sql);
  const kind = kindOf(before, after);
  return kind === 'changed' && fields.length + sql.length === 0 ? [] : [{ query: name, set, kind, sql, fields }];
}

function sqlDiff(before: string | undefined, after: string | undefined): DiffLine[] {
  const diff = diffLines(before === undefined ? [] : sqlLines(before), after === undefined ? [] : sqlLines(after));
  if (before === undefined || after === undefined || diff.some(({ sign }) => sign !== ' ')) return diff;
  // Only white space differs. osquery's denylist treats that as another query, so both are shown as written.
  return diffLines([before], [after]);
}

const diffLines = (before: readonly string[], after: readonly string[]): DiffLine[] =>
  diffArrays([...before], [...after]).flatMap(({ added, removed, value }) =>
    value.map((text) => ({ sign: added ? '+' : removed ? '-' : ' ', text })),
  );

function profileChange([before, after]: Pair<Profile>): ProfileChange[] {
  const { name } = after ?? before;
  const fields = fieldChanges(before && profileFields(before), after && profileFields(after));
  const kind = kindOf(before, after);
  return kind === 'changed' && fields.length === 0 ? [] : [{ profile: name, kind, fields }];
}

const profileFields = ({ match, config }: Profile) => ({ match, ...config });

function orderChange(before: readonly Profile[], after: readonly Profile[]) {
  const names = (profiles: readonly Profile[], others: readonly Profile[]) =>
    profiles.map(({ name }) => name).filter((name) => others.some((other) => other.name === name));
  const [was, is] = [names(before, after), names(after, before)];
  return was.join() === is.join() ? undefined : { before: was, after: is };
}

const kindOf = (before: unknown, after: unknown) =>
  before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';

type Pair<T> = readonly [before: T | undefined, after: T] | readonly [before: T, after: undefined];

/** Pairs the entries of both lists by name: first those of `after`, in order, then those that were removed. */
function pairs<T>(before: readonly T[], after: readonly T[], name: (one: T) => string): Pair<T>[] {
  const was = new Map(before.map((one) => [name(one), one]));
  const is = new Set(after.map(name));
  return [
    ...after.map((one): Pair<T> => [was.get(name(one)), one]),
    ...before.filter((one) => !is.has(name(one))).map((one): Pair<T> => [one, undefined]),
  ];
}

/** The leaves that differ. Lists are compared as a whole. If one side is absent, the fields of the other side. */
function fieldChanges(before: unknown, after: unknown, field = ''): FieldChange[] {
  if (isObject(before) || isObject(after)) {
    if ((before === undefined || isObject(before)) && (after === undefined || isObject(after))) {
      const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].sort();
      return keys.flatMap((key) => fieldChanges(before?.[key], after?.[key], field ? `${field}.${key}` : key));
    }
  }
  const same = JSON.stringify(canonical(before)) === JSON.stringify(canonical(after));
  return same ? [] : [{ field, before, after }];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
