import { addressDigits, cidrMatcher } from './ip-address.ts';

/** AWS would reject the pattern; `path` is the JSON path of the wrong part. */
export class EventPatternError extends Error {
  override readonly name = 'EventPatternError';
  constructor(
    readonly path: string,
    reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

/** What a leaf of a pattern accepts: the absence of the field, or certain values. */
export interface LeafMatcher {
  readonly absent: boolean;
  readonly matches: (value: unknown) => boolean;
}

type ValueTest = (value: unknown) => boolean;

/** Bounds of `numeric`, both included. @see EventBridge User Guide, "Numeric matching" */
const NUMERIC_LIMIT = 5e9;

/** Compiles the array at a leaf of a pattern: its members are alternatives. */
export function compileLeaf(alternatives: readonly unknown[], where: string): LeafMatcher {
  if (alternatives.length === 0) throw new EventPatternError(where, 'an empty array is not allowed');
  let absent = false;
  const tests: ValueTest[] = [];
  for (const [index, alternative] of alternatives.entries()) {
    const at = `${where}[${index}]`;
    if (Array.isArray(alternative)) throw new EventPatternError(at, 'arrays cannot be nested');
    if (typeof alternative !== 'object' || alternative === null) tests.push(exactly(alternative));
    else {
      const [operator, operand] = onlyEntry(alternative, at);
      if (operator === 'exists' && operand === false) absent = true;
      else tests.push(compileOperator(operator, operand, at));
    }
  }
  return { absent, matches: (value) => tests.some((test) => test(value)) };
}

function compileOperator(operator: string, operand: unknown, at: string): ValueTest {
  const where = `${at}.${operator}`;
  switch (operator) {
    case 'exactly':
      return onString(exactText(text(operand, where)));
    case 'prefix':
    case 'suffix':
      return onString(affix(operator, operand, where));
    case 'equals-ignore-case':
      return onString(ignoringCase(text(operand, where), '^', '$'));
    case 'wildcard':
      return onString(wildcard(text(operand, where), where));
    case 'cidr':
      return onString(cidr(text(operand, where), where));
    case 'numeric':
      return numeric(operand, where);
    case 'anything-but':
      return anythingBut(operand, where);
    case 'exists':
      if (operand !== true) throw new EventPatternError(where, 'must be true or false');
      return () => true;
    default:
      throw new EventPatternError(where, `unknown operator "${operator}"`);
  }
}

/** Tests for a literal. An IP address matches in every spelling, as in event-ruler. */
function exactly(literal: unknown): ValueTest {
  const address = typeof literal === 'string' ? addressDigits(literal) : undefined;
  if (address === undefined) return (value) => value === literal;
  return onString((value) => addressDigits(value) === address);
}

const exactText = (wanted: string) => (value: string) => value === wanted;

function affix(operator: 'prefix' | 'suffix', operand: unknown, where: string): (value: string) => boolean {
  if (typeof operand === 'object' && operand !== null) {
    const [inner, affixText] = onlyEntry(operand, where);
    if (inner !== 'equals-ignore-case')
      throw new EventPatternError(`${where}.${inner}`, 'only equals-ignore-case is allowed here');
    const wanted = text(affixText, `${where}.${inner}`);
    return operator === 'prefix' ? ignoringCase(wanted, '^', '') : ignoringCase(wanted, '', '$');
  }
  const wanted = text(operand, where);
  return operator === 'prefix' ? (value) => value.startsWith(wanted) : (value) => value.endsWith(wanted);
}

/** Compares each character in lower and upper case; the upper case may be several characters ("ß", "SS"). */
function ignoringCase(wanted: string, start: '^' | '', end: '$' | ''): (value: string) => boolean {
  const characters = wanted.split('').map((character) => {
    const [lower, upper] = [literal(character.toLowerCase()), literal(character.toUpperCase())];
    return lower === upper ? lower : `(?:${lower}|${upper})`;
  });
  const pattern = new RegExp(`${start}${characters.join('')}${end}`);
  return (value) => pattern.test(value);
}

const literal = (characters: string) => characters.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** `*` matches any characters; `\*` and `\\` are literal. Matching is greedy and linear in the value. */
function wildcard(glob: string, where: string): (value: string) => boolean {
  const parts = [''];
  for (let i = 0; i < glob.length; i++) {
    const [character, next] = [glob.charAt(i), glob.charAt(i + 1)];
    if (character === '*') {
      if (next === '*') throw new EventPatternError(where, `consecutive wildcards at position ${i}`);
      parts.push('');
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') throw new EventPatternError(where, `invalid escape at position ${i}`);
      parts[parts.length - 1] += next;
      i++;
    } else {
      parts[parts.length - 1] += character;
    }
  }
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return exactText(first);
  return (value) => {
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let position = first.length;
    for (const part of rest) {
      const found = value.indexOf(part, position);
      if (found === -1) return false;
      position = found + part.length;
    }
    return position + last.length <= value.length;
  };
}

function cidr(block: string, where: string): (value: string) => boolean {
  const matcher = cidrMatcher(block);
  if (typeof matcher === 'string') throw new EventPatternError(where, matcher);
  return matcher;
}

/** `["=", n]`, `[">", n]`, `[">", n, "<=", m]` …: a lower bound comes first. */
function numeric(operand: unknown, where: string): ValueTest {
  if (!Array.isArray(operand)) throw new EventPatternError(where, 'must be an array of comparisons');
  const [first, firstValue, second, secondValue] = operand;
  const bounds = [comparison(first, firstValue, `${where}[0]`)];
  if (operand.length > 2) {
    if (!['>', '>='].includes(first) || !['<', '<='].includes(second)) {
      throw new EventPatternError(where, 'a range is ">" or ">=" followed by "<" or "<="');
    }
    bounds.push(comparison(second, secondValue, `${where}[2]`));
    if (firstValue >= secondValue) throw new EventPatternError(where, 'the lower bound must be below the upper bound');
  }
  if (operand.length > 4) throw new EventPatternError(where, 'too many terms');
  return (value) => typeof value === 'number' && isComparable(value) && bounds.every((bound) => bound(value));
}

function comparison(operator: unknown, bound: unknown, where: string): (value: number) => boolean {
  if (typeof bound !== 'number' || !isComparable(bound)) {
    throw new EventPatternError(
      where,
      `the number to compare with must be between -${NUMERIC_LIMIT} and ${NUMERIC_LIMIT}`,
    );
  }
  switch (operator) {
    case '=':
      return (value) => value === bound;
    case '<':
      return (value) => value < bound;
    case '<=':
      return (value) => value <= bound;
    case '>':
      return (value) => value > bound;
    case '>=':
      return (value) => value >= bound;
    default:
      throw new EventPatternError(where, 'the comparison must be one of = < <= > >=');
  }
}

const isComparable = (value: number) => Math.abs(value) <= NUMERIC_LIMIT;

/** Matches every present value that is not listed; in an array, one unlisted element is enough. */
function anythingBut(operand: unknown, where: string): ValueTest {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) {
    const excluded = list(operand);
    const kinds = new Set(excluded.map((value) => typeof value));
    if (kinds.size !== 1 || !(kinds.has('string') || kinds.has('number'))) {
      throw new EventPatternError(where, 'must be a string, a number, or a list of only strings or only numbers');
    }
    return (value) => !excluded.includes(value);
  }
  const [operator, inner] = onlyEntry(operand, where);
  const at = `${where}.${operator}`;
  const excluded = list(inner).map((value) => {
    const wanted = text(value, at);
    if (operator === 'equals-ignore-case') return ignoringCase(wanted, '^', '$');
    if (operator === 'wildcard') return wildcard(wanted, at);
    if (operator !== 'prefix' && operator !== 'suffix')
      throw new EventPatternError(at, 'not allowed inside anything-but');
    if (wanted === '') throw new EventPatternError(at, 'an empty string is not allowed here');
    return affix(operator, wanted, at);
  });
  if (excluded.length === 0) throw new EventPatternError(at, 'an empty list is not allowed');
  return (value) => typeof value !== 'string' || !excluded.some((test) => test(value));
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const onString =
  (test: (value: string) => boolean): ValueTest =>
  (value) =>
    typeof value === 'string' && test(value);

function text(operand: unknown, where: string): string {
  if (typeof operand !== 'string') throw new EventPatternError(where, 'must be a string');
  return operand;
}

function onlyEntry(expression: object, where: string): [string, unknown] {
  const [entry, ...others] = Object.entries(expression);
  if (entry === undefined || others.length > 0) throw new EventPatternError(where, 'must have exactly one operator');
  return entry;
}
