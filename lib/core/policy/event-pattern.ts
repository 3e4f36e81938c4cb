import { compileLeaf, EventPatternError, type LeafMatcher } from './event-pattern-operators.ts';

export { EventPatternError } from './event-pattern-operators.ts';

/** What one path of a pattern asks: `absent` if `exists: false` is among its alternatives, `matches` for the others. */
interface PathTest extends LeafMatcher {
  readonly path: string; // steps joined by dots, as aws/event-ruler flattens them: {"a":{"b":…}} and {"a.b":…} are one path
}

/** The array elements a partial match has settled on: one index an array, so that `{name, status}` come from one element. */
interface Binding {
  readonly array: readonly unknown[];
  readonly index: number;
  readonly path: string; // of the array
}

/** AWS refuses a `$or` whose branches multiply to more. */
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
 * Compiles an EventBridge event pattern into a test of whole events.
 *
 * Behaves as AWS's own matcher, aws/event-ruler 2.0.1 (the table in `test/fixtures/event-ruler-cases.json` was made
 * by it): values of a leaf are alternatives, paths must all match, an array in the event matches if any element does,
 * and several paths into one array of objects must be met by the same element. `numeric` keeps the documented range of
 * ±5e9, which event-ruler 2 itself no longer enforces.
 *
 * @param pattern the parsed JSON of the pattern
 * @returns the test; its argument is a parsed JSON document, anything but an object never matches
 * @throws {EventPatternError} for what AWS would refuse, its message beginning with the JSON path
 * @see EventBridge User Guide, "Comparison operators for use in event patterns"
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  if (!isObject(pattern)) throw new EventPatternError('$', 'a pattern is a JSON object');
  const branches = compileObject(pattern, '', '$', [], false).map(
    (branch): PathTest[] =>
      [...branch].map(([path, leaf]) => ({ path, ...leaf })).sort((a, b) => (a.path < b.path ? -1 : 1)), // event-ruler's order: it decides what `exists: false` sees
  );
  return (event) => isObject(event) && branches.some((tests) => matches(tests, event));
}

/** Adds what `pattern` asks to each branch; `$or` multiplies them, a path asked twice keeps the later (as AWS does). */
function compileObject(
  pattern: JsonObject,
  prefix: string,
  where: string,
  branches: Branch[],
  inOr: boolean,
): Branch[] {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new EventPatternError(where, 'an empty object is not allowed');
  let result = branches;
  for (const [key, value] of entries) {
    const at = `${where}.${key}`;
    if (key === '$or') {
      result = compileOr(value, prefix, at, result);
      continue;
    }
    if (inOr && RESERVED_IN_OR.has(key)) throw new EventPatternError(at, `"${key}" is reserved inside $or`);
    const path = `${prefix}${key}`;
    if (Array.isArray(value)) {
      const leaf = compileLeaf(value, at);
      if (result.length === 0) result = [new Map()];
      for (const branch of result) branch.set(path, leaf);
    } else if (isObject(value)) {
      result = compileObject(value, `${path}.`, at, result, inOr);
    } else {
      throw new EventPatternError(at, 'must be an object or an array of allowed values');
    }
  }
  return result;
}

function compileOr(value: unknown, prefix: string, where: string, branches: Branch[]): Branch[] {
  if (!Array.isArray(value) || value.length < 2)
    throw new EventPatternError(where, 'must be an array of 2 or more objects');
  const result = value.flatMap((alternative, index) => {
    if (!isObject(alternative)) throw new EventPatternError(`${where}[${index}]`, 'must be an object');
    const copies = branches.length === 0 ? [new Map()] : branches.map((branch) => new Map(branch));
    return compileObject(alternative, prefix, `${where}[${index}]`, copies, true);
  });
  if (result.length > MAX_BRANCHES) {
    throw new EventPatternError(where, `multiplies to ${result.length} combinations, ${MAX_BRANCHES} are allowed`);
  }
  return result;
}

/** Searches one leaf a test, in path order, such that all chosen leaves agree about the array elements they sit in. */
function matches(tests: readonly PathTest[], event: JsonObject): boolean {
  const ids = new Map<readonly unknown[], number>();
  const idOf = (array: readonly unknown[]) => ids.get(array) ?? ids.set(array, ids.size).size - 1;
  const failed = new Set<string>(); // keeps the search polynomial, whatever arrays a hostile event brings

  const search = (position: number, bound: readonly Binding[]): boolean => {
    const test = tests[position];
    if (test === undefined) return true;
    // Only arrays that a remaining path enters still matter.
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

/** The scalars under `path`, from position `from` of it on (past its end: all steps are taken), with the elements they bind. */
function* leaves(
  node: unknown,
  path: string,
  from: number,
  bound: readonly Binding[],
): Generator<{ value: unknown; bound: readonly Binding[] }> {
  if (Array.isArray(node)) {
    const settled = bound.find(({ array }) => array === node);
    for (const [index, element] of settled ? [[settled.index, node[settled.index]] as const] : node.entries()) {
      // A scalar binds nothing: it is a value of the field, not a member with fields of its own.
      if (typeof element !== 'object' || element === null) {
        if (from > path.length) yield { value: element, bound };
        continue;
      }
      const binding = { array: node, index, path: path.slice(0, from - 1) };
      yield* leaves(element, path, from, settled ? bound : [...bound, binding]);
    }
  } else if (isObject(node)) {
    if (from > path.length) return; // an object where the pattern asks for a value
    for (let end = path.indexOf('.', from); ; end = path.indexOf('.', end + 1)) {
      const step = path.slice(from, end === -1 ? path.length : end); // steps may themselves hold dots
      if (Object.hasOwn(node, step)) yield* leaves(node[step], path, from + step.length + 1, bound);
      if (end === -1) return;
    }
  } else if (from > path.length) {
    yield { value: node, bound };
  }
}
