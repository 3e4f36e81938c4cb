import { compilePattern, EventPatternError } from '../../core/policy/event-pattern.ts';
import type { EventPattern } from '../../core/policy/policy.ts';
import { nearest } from '../source/nearest.ts';
import type { Problem } from '../source/problem.ts';
import type { Path, SourceDocument } from '../source/source-document.ts';
import { DETAIL_FIELDS, DETAIL_TYPES, ENVELOPE, type EventFamily, FIELD_VALUES, NOTICE_TYPES } from './event-facts.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Checks a pattern as AWS would, and whether an event can ever match it.
 *
 * @returns false when no event can match, judged by fields with a closed set of values
 */
export function checkPattern(
  document: SourceDocument,
  problems: Problem[],
  path: Path,
  pattern: EventPattern,
): boolean {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof EventPatternError) && !(error instanceof RangeError)) throw error;
    const where = error instanceof EventPatternError ? stepsTo(pattern, error.path) : [];
    const why = error instanceof EventPatternError ? error.message.slice(error.path.length + 2) : 'nested too deeply';
    problems.push(document.error([...path, ...where], `AWS would refuse this pattern: ${why}`));
    return true;
  }
  return branches(pattern, [])
    .map((branch) => canMatch(document, problems, path, branch))
    .some(Boolean);
}

/** Warns about top-level fields of a pattern that no event has. */
export function checkEnvelope(document: SourceDocument, problems: Problem[], path: Path, pattern: EventPattern): void {
  for (const { fields } of branches(pattern, [])) {
    for (const [key, field] of Object.entries(fields)) {
      const top = key.split('.')[0] ?? key; // `detail.state` is a path
      if (ENVELOPE.includes(top)) continue;
      const near = nearest(top, ENVELOPE);
      const hint = near ? `did you mean "${near}"?` : `an event has ${ENVELOPE.join(', ')}`;
      const at = document.position([...path, ...field.path], 'key');
      problems.push(
        document.problem('warning', at, `no event has "${top}" at its top level: the rule is never triggered`, hint),
      );
    }
  }
}

/** Warns about fields of `detail` that the events of a pattern do not have. */
export function checkDetail(document: SourceDocument, problems: Problem[], path: Path, pattern: EventPattern): void {
  for (const { fields } of branches(pattern, [])) {
    const known = detailFields(fields['detail-type']?.value);
    const detail = fields.detail;
    if (!known || !detail || !isObject(detail.value)) continue;
    for (const name of Object.keys(detail.value)) {
      if (name.startsWith('$') || known.has(name.split('.')[0] ?? name)) continue;
      const near = nearest(name, known);
      const at = document.position([...path, ...detail.path, name], 'key');
      const hint = near ? `did you mean "${near}"?` : undefined;
      problems.push(document.problem('warning', at, `no event of this kind has detail.${name}`, hint));
    }
  }
}

/**
 * The fields of `detail` that a JMESPath expression reads and that no event of a pattern has.
 *
 * @example unknownDetail({ 'detail-type': ['EC2 Instance State-change Notification'] }, 'detail.instanceId') // ['instanceId']
 */
export function unknownDetail(pattern: EventPattern, expression: string): string[] {
  const known = branches(pattern, []).map(({ fields }) => detailFields(fields['detail-type']?.value));
  const read = [...expression.matchAll(/(?<![\w.\])"'])detail\.(?:"([^"]+)"|(\w+))/g)].map(
    ([, quoted, word]) => quoted ?? word ?? '',
  );
  return known.length > 0 ? read.filter((name) => known.every((fields) => fields?.has(name) === false)) : [];
}

/** All fields of `detail` of these detail-types; undefined if we do not know one of them. */
function detailFields(types: unknown): ReadonlySet<string> | undefined {
  if (!Array.isArray(types) || types.length === 0) return undefined;
  const known = types.map((type) => DETAIL_FIELDS[String(type)]);
  return known.every((fields) => fields !== undefined) ? new Set(known.flatMap((fields) => [...fields])) : undefined;
}

/** Whether every event that matches is of this family, by `source` and `detail-type`. */
export function isPatternAbout(pattern: EventPattern, { source, detailType }: EventFamily): boolean {
  const only = (value: unknown, wanted: string) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => one === wanted);
  return branches(pattern, []).every(
    ({ fields }) => only(fields.source?.value, source) && only(fields['detail-type']?.value, detailType),
  );
}

/** Whether every event that matches announces the end of an instance, by `detail-type`. */
export const isNoticePattern = (pattern: EventPattern): boolean =>
  branches(pattern, []).every(({ fields }) => {
    const types = fields['detail-type']?.value;
    return Array.isArray(types) && types.length > 0 && types.every((type) => NOTICE_TYPES.includes(type));
  });

interface Branch {
  readonly fields: Readonly<Record<string, { readonly value: unknown; readonly path: Path }>>;
}

/** The alternatives of a pattern's outermost `$or`, each merged with the other fields; without `$or` the pattern itself. */
function branches(pattern: JsonObject, path: Path): Branch[] {
  const { $or, ...rest } = pattern;
  const own = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, { value, path: [...path, key] }]));
  if (!Array.isArray($or)) return [{ fields: own }];
  return $or.flatMap((alternative: unknown, index) =>
    isObject(alternative)
      ? branches(alternative, [...path, '$or', index]).map(({ fields }) => ({ fields: { ...own, ...fields } }))
      : [],
  );
}

/** A list of literal values in a pattern, and the values that the field is known to have. */
interface LiteralField {
  readonly path: Path;
  readonly values: readonly string[];
  readonly known: readonly string[];
  /** `known` is all the values that the field can have. */
  readonly isClosed: boolean;
}

/** Whether an event can have the literal values of a branch. Warns about values that AWS does not send. */
function canMatch(document: SourceDocument, problems: Problem[], at: Path, branch: Branch): boolean {
  const literals = literalFields(branch);
  for (const { path, values, known, isClosed } of literals) {
    for (const [index, value] of values.entries()) {
      const near = known.includes(value) ? undefined : nearest(value, known);
      if (known.includes(value) || (!isClosed && near === undefined)) continue;
      const hint = near ? `did you mean "${near}"?` : `it is one of ${known.join(', ')}`;
      problems.push(document.warning([...at, ...path, index], `"${value}" is not a value that AWS sends here`, hint));
    }
  }
  return literals.every(
    ({ values, known, isClosed }) => !isClosed || values.length === 0 || values.some((value) => known.includes(value)),
  );
}

/** The fields of a branch that hold literals and whose values are known: the detail-type, and fields of `detail`. */
function literalFields({ fields }: Branch): LiteralField[] {
  const { source, 'detail-type': detailType, detail } = fields;
  const types = listOf(detailType?.value);
  const knownTypes = listOf(source?.value).flatMap((name) => DETAIL_TYPES[String(name)] ?? []);
  const known = (types.length === 1 ? FIELD_VALUES[String(types[0])] : undefined) ?? {};
  const ofDetail = isObject(detail?.value) ? Object.entries(detail.value) : [];
  const candidates = [
    { path: detailType?.path ?? [], values: types, known: knownTypes, isClosed: false },
    ...ofDetail.map(([field, values]) => {
      const path = [...(detail?.path ?? []), field];
      return { path, values: listOf(values), known: known[field] ?? [], isClosed: true };
    }),
  ];
  return candidates.flatMap(({ values, ...field }) =>
    field.known.length > 0 && values.every(isText) ? [{ ...field, values }] : [],
  );
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isText = (value: unknown): value is string => typeof value === 'string';

/** Splits a path such as `$.detail.state[0].prefix` into keys and indices. Keys may contain dots. */
function stepsTo(pattern: unknown, path: string): Path {
  const steps: PropertyKey[] = [];
  let [value, rest] = [pattern, path.replace(/^\$/, '')];
  while (rest !== '') {
    const index = /^\[(\d+)\]/.exec(rest);
    if (index && Array.isArray(value)) {
      steps.push(Number(index[1]));
      [value, rest] = [value[Number(index[1])], rest.slice(index[0].length)];
      continue;
    }
    if (!isObject(value)) break;
    const here: JsonObject = value;
    const key = Object.keys(here)
      .filter((name) => rest.startsWith(`.${name}`) && /^(?:$|[.[])/.test(rest.slice(name.length + 1)))
      .sort((a, b) => b.length - a.length)[0];
    if (key === undefined) break;
    steps.push(key);
    [value, rest] = [here[key], rest.slice(key.length + 1)];
  }
  return steps;
}
