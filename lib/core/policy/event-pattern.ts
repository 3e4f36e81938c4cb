import { compileLeaf, EventPatternError, type LeafMatcher } from './event-pattern-operators.ts';

export { EventPatternError } from './event-pattern-operators.ts';

/** The test of one path of a pattern: `absent` if `exists: false` is among its alternatives, `matches` for the others. */
interface PathTest extends LeafMatcher {
  readonly path: string; // steps joined by dots, as aws/event-ruler flattens them: {"a":{"b":…}} and {"a.b":…} are one path
}

/** An array element chosen by a partial match: one index for each array, so that `{name, status}` come from one element. */
interface Binding {
  readonly array: readonly unknown[];
  readonly index: number;
  readonly path: string; // of the array
}

/** AWS rejects a `$or` whose branches multiply to more. */
const MAX_BRANCHES = 1000;

/** Words that aws/event-ruler reserves: a field of that name inside `$or` is a misplaced operator. */
const RESERVED_IN_OR = new Set([
  ...['exactly', 'equals-ignore-case', 'prefix', 'suffix', 'anything-but', 'exists', 'wildcard', 'numeric', 'cidr'],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case', 'in-date-range'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

type Branch = Map<string, LeafMatcher>;
type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Compiles an EventBridge event pattern into a predicate on events.
 *
 * Behaves like AWS's own matcher, aws/event-ruler 2.0.1, which generated the table in
 * `test/fixtures/event-ruler-cases.json`: values of a leaf are alternatives, all paths must match, an array in the event
 * matches if any element does, and several paths into one array of objects must match the same element. `numeric` keeps the documented range of
 * ±5e9, which event-ruler 2 itself no longer enforces.
 *
 * @param pattern the parsed JSON of the pattern
 * @returns the predicate; its argument is parsed JSON, and anything but an object never matches
 * @throws {EventPatternError} if AWS would reject the pattern; the message begins with the JSON path
 * @example
 * const matches = compilePattern({ source: ['aws.ecs'], detail: { lastStatus: ['RUNNING', { prefix: 'STOP' }] } });
 * matches({ source: 'aws.ecs', detail: { lastStatus: 'STOPPED' } }); // true
 * @see EventBridge User Guide, "Comparison operators for use in event patterns"
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  if (!isObject(pattern)) throw new EventPatternError('$', 'a pattern is a JSON object');
  const branches = compileObject(pattern, { prefix: '', where: '$', inOr: false }, []).map(
    (branch): PathTest[] =>
      [...branch].map(([path, leaf]) => ({ path, ...leaf })).sort((a, b) => (a.path < b.path ? -1 : 1)), // event-ruler's order: it decides what `exists: false` sees
  );
  return (event) => isObject(event) && branches.some((tests) => matches(tests, event));
}

/** Where in a pattern a part of it stands. */
interface Scope {
  readonly prefix: string; // of paths in the event: '' or steps, each followed by a dot
  readonly where: string; // JSON path in the pattern, for messages
  readonly inOr: boolean;
}

/** Adds the tests of `pattern` to each branch. `$or` multiplies branches; a path that occurs twice keeps the later test, as in AWS. */
function compileObject(pattern: JsonObject, scope: Scope, branches: Branch[]): Branch[] {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new EventPatternError(scope.where, 'an empty object is not allowed');
  return entries.reduce((result, [key, value]) => compileField(key, value, scope, result), branches);
}

function compileField(key: string, value: unknown, { prefix, where, inOr }: Scope, branches: Branch[]): Branch[] {
  const at = `${where}.${key}`;
  if (key === '$or') return compileOr(value, prefix, at, branches);
  if (inOr && RESERVED_IN_OR.has(key)) throw new EventPatternError(at, `"${key}" is reserved inside $or`);
  const path = `${prefix}${key}`;
  if (Array.isArray(value)) {
    const leaf = compileLeaf(value, at);
    const result = branches.length === 0 ? [new Map()] : branches;
    for (const branch of result) branch.set(path, leaf);
    return result;
  }
  if (isObject(value)) return compileObject(value, { prefix: `${path}.`, where: at, inOr }, branches);
  throw new EventPatternError(at, 'must be an object or an array of allowed values');
}

function compileOr(value: unknown, prefix: string, where: string, branches: Branch[]): Branch[] {
  if (!Array.isArray(value) || value.length < 2)
    throw new EventPatternError(where, 'must be an array of 2 or more objects');
  const result = value.flatMap((alternative, index) => {
    if (!isObject(alternative)) throw new EventPatternError(`${where}[${index}]`, 'must be an object');
    const copies = branches.length === 0 ? [new Map()] : branches.map((branch) => new Map(branch));
    return compileObject(alternative, { prefix, where: `${where}[${index}]`, inOr: true }, copies);
  });
  if (result.length > MAX_BRANCHES) {
    throw new EventPatternError(where, `multiplies to ${result.length} combinations, ${MAX_BRANCHES} are allowed`);
  }
  return result;
}

/** Searches one leaf for each test, in path order, such that all chosen leaves use the same elements of shared arrays. */
function matches(tests: readonly PathTest[], event: JsonObject): boolean {
  const ids = new Map<readonly unknown[], number>();
  const idOf = (array: readonly unknown[]) => ids.get(array) ?? ids.set(array, ids.size).size - 1;
  const failed = new Set<string>(); // keeps the search polynomial for hostile events with many arrays

  const search = (position: number, bound: readonly Binding[]): boolean => {
    const test = tests[position];
    if (test === undefined) return true;
    // Bindings of arrays that no remaining path enters are dropped.
    const kept = bound.filter(({ path }) => tests.some((t, i) => i >= position && entersArray(t.path, path)));
    const state = [position, ...kept.map(({ array, index }) => `${idOf(array)}.${index}`)].join();
    if (failed.has(state)) return false;
    let present = false;
    for (const leaf of leaves(event, test.path, 0, kept)) {
      present = true;
      if (test.matches(leaf.value) && search(position + 1, leaf.bound)) return true;
    }
    if (test.absent && !present && search(position + 1, kept)) return true;
    failed.add(state);
    return false;
  };
  return search(0, []);
}

const entersArray = (path: string, arrayPath: string) => path === arrayPath || path.startsWith(`${arrayPath}.`);

interface Leaf {
  readonly value: unknown;
  readonly bound: readonly Binding[];
}

/**
 * Yields the scalars under `path` with the array elements they bind.
 *
 * @param from the position in `path` of the next step; past its end, all steps are taken
 */
function* leaves(node: unknown, path: string, from: number, bound: readonly Binding[]): Generator<Leaf> {
  if (Array.isArray(node)) yield* leavesOfArray(node, path, from, bound);
  else if (isObject(node)) yield* leavesOfObject(node, path, from, bound);
  else if (from > path.length) yield { value: node, bound };
}

function* leavesOfArray(
  array: readonly unknown[],
  path: string,
  from: number,
  bound: readonly Binding[],
): Generator<Leaf> {
  const settled = bound.find((binding) => binding.array === array);
  for (const [index, element] of settled ? [[settled.index, array[settled.index]] as const] : array.entries()) {
    // A scalar binds nothing: it is a value of the field, not an element with fields of its own.
    if (typeof element !== 'object' || element === null) {
      if (from > path.length) yield { value: element, bound };
      continue;
    }
    const binding = { array, index, path: path.slice(0, from - 1) };
    yield* leaves(element, path, from, settled ? bound : [...bound, binding]);
  }
}

function* leavesOfObject(object: JsonObject, path: string, from: number, bound: readonly Binding[]): Generator<Leaf> {
  if (from > path.length) return; // an object where the pattern expects a value
  for (let end = path.indexOf('.', from); ; end = path.indexOf('.', end + 1)) {
    const step = path.slice(from, end === -1 ? path.length : end); // steps may contain dots
    if (Object.hasOwn(object, step)) yield* leaves(object[step], path, from + step.length + 1, bound);
    if (end === -1) return;
  }
}
