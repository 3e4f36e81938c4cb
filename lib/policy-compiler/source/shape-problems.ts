import type * as z from 'zod';
import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { isRecordEntry, keysAt } from './schema-walk.ts';
import type { Path, SourceDocument } from './source-document.ts';

type Issue = z.core.$ZodIssue;

/** A value that is parsed, and its path in the document. */
interface Subject {
  readonly schema: z.ZodType;
  readonly document: SourceDocument;
  readonly value: unknown;
  readonly at: Path;
}

/** A part of a document's value. */
interface Part {
  /** @default - the whole value of the document */
  readonly value?: unknown;
  /** Where the part is in the document. @default [] */
  readonly at?: Path;
}

/**
 * Parses a document's value, or a part of it, with a schema. Problems are added to `problems`, with their lines and columns.
 *
 * @returns the value without the map entries (such as one query of many) that do not fit, so that the rest can be checked
 *   further. Undefined when more than that is wrong.
 */
export function readShape<S extends z.ZodType>(
  schema: S,
  { document, problems }: { readonly document: SourceDocument; readonly problems: Problem[] },
  { value = document.value, at = [] }: Part = {},
): z.output<S> | undefined {
  const first = schema.safeParse(value);
  if (first.success) return first.data;
  const { issues } = first.error;
  for (const issue of issues) {
    if (!isFollowUp(issue, issues)) problems.push(...explain(issue, [], { schema, document, value, at }));
  }
  const rest = structuredClone(value);
  const isPruned = issues.map((issue) => prune(schema, rest, issue)).every(Boolean);
  return isPruned ? schema.safeParse(rest).data : undefined;
}

/** Whether an issue "must name at least one" only follows from unknown keys, which are reported already. */
const isFollowUp = ({ code, path }: Issue, issues: readonly Issue[]): boolean =>
  code === 'custom' && issues.some((other) => other.code === 'unrecognized_keys' && samePath(other.path, path));

const samePath = (a: Path, b: Path) => a.length === b.length && a.every((step, index) => step === b[index]);

/** Removes the subject of an issue from the value: unknown keys inside a map entry, else the entry. */
function prune(schema: z.ZodType, value: unknown, issue: Issue): boolean {
  const entry = issue.path.findIndex((_, index) => isRecordEntry(schema, issue.path.slice(0, index + 1)));
  if (entry < 0) return false;
  const isUnknown = issue.code === 'unrecognized_keys';
  const parent = valueAt(value, isUnknown ? issue.path : issue.path.slice(0, entry));
  if (typeof parent !== 'object' || parent === null) return true; // already removed for another issue
  for (const key of isUnknown ? issue.keys : [issue.path[entry] ?? '']) Reflect.deleteProperty(parent, key);
  return true;
}

/** @param above the start of the issue's own path, below `subject.at` */
function explain(issue: Issue, above: Path, subject: Subject): Problem[] {
  const { document, schema, value, at } = subject;
  const inside = [...above, ...issue.path];
  const path = [...at, ...inside];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, inside);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near ? `did you mean "${near}"?` : known.length > 0 ? `known here: ${known.join(', ')}` : undefined;
      return document.problem('error', document.position([...path, key], 'key'), `unknown key "${key}"`, hint);
    });
  }
  if (issue.code === 'invalid_union') {
    const meant = alternativeMeant(issue.errors, valueAt(value, inside));
    if (meant) return meant.flatMap((inner) => explain(inner, inside, subject));
  }
  if (issue.code === 'invalid_key') {
    const why = issue.issues.map(({ message }) => message).join('; ');
    return [document.problem('error', document.position(path, 'key'), `"${String(path.at(-1))}" ${why}`)];
  }
  if (issue.code === 'invalid_type' && inside.length > 0 && valueAt(value, inside) === undefined) {
    return [document.error(path.slice(0, -1), `"${String(path.at(-1))}" is missing`)];
  }
  const name = issue.path.length > 0 ? `${String(path.at(-1))}: ` : '';
  return [document.error(path, `${name}${reasonOf(issue)}`)];
}

/** The alternative of a union that the value is closest to; undefined if the value is of another kind than all of them. */
function alternativeMeant(alternatives: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const sameKind = alternatives.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys' || code === 'custom'),
  );
  const [best] = sameKind.sort((a, b) => unknownKeys(a) - unknownKeys(b) || a.length - b.length);
  const unknown = best?.filter(({ code, path }) => code === 'unrecognized_keys' && path.length === 0) ?? [];
  return unknown.length > 0 ? unknown : best;
}

const unknownKeys = (issues: readonly Issue[]) =>
  issues.filter(({ code, path }) => code === 'unrecognized_keys' && path.length === 0).length;

function reasonOf(issue: Issue): string {
  if (issue.code === 'too_big' && issue.origin !== 'array') {
    return issue.origin === 'string'
      ? `must have at most ${issue.maximum} characters`
      : `must be at most ${issue.maximum}`;
  }
  if (issue.code === 'too_small' && issue.origin === 'number') return `must be at least ${issue.minimum}`;
  // A schema's own message is more precise than the type.
  const isStandard = issue.message.startsWith('Invalid input');
  if (issue.code === 'invalid_type' && isStandard) return `must be ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  return issue.message;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}
