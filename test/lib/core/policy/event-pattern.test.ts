import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern, EventPatternError } from '../../../../lib/core/policy/event-pattern.ts';

interface Case {
  about: string;
  pattern: unknown;
  event: unknown;
  outcome: boolean | 'refused';
}

const table = new URL('../../../fixtures/event-ruler-cases.json', import.meta.url);
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(table, 'utf8'));
const subjects = [...new Set(cases.map(({ about }) => about))];

function outcomeOf({ pattern, event }: Case): Case['outcome'] {
  try {
    return compilePattern(pattern)(event);
  } catch (error) {
    if (error instanceof EventPatternError) return 'refused';
    throw error;
  }
}

describe("an event pattern decides as AWS's own matcher (a table made with aws/event-ruler)", () => {
  it.each(subjects)('%s', (subject) => {
    for (const one of cases.filter(({ about }) => about === subject)) {
      expect({ ...one, outcome: outcomeOf(one) }).toEqual(one);
    }
  });
});

describe('a pattern that AWS would reject', () => {
  it.each<[string, unknown, RegExp]>([
    ['a value that is no list', { detail: { state: 'running' } }, /^\$\.detail\.state: must be an object or an array/],
    [
      'an unknown operator',
      { detail: { state: [{ startsWith: 'r' }] } },
      /^\$\.detail\.state\[0\]\.startsWith: unknown operator/,
    ],
    [
      'two operators in one object',
      { a: ['x', { prefix: 'a', suffix: 'b' }] },
      /^\$\.a\[1\]: must have exactly one operator/,
    ],
    ['a branch of $or that is no object', { $or: [{ a: [1] }, 5] }, /^\$\.\$or\[1\]: must be an object/],
    [
      'an operator in place of a field in $or',
      { $or: [{ a: [1] }, { prefix: ['x'] }] },
      /^\$\.\$or\[1\]\.prefix: .*reserved/,
    ],
    [
      'a number beyond what numeric compares',
      { a: [{ numeric: ['<', 5_000_000_001] }] },
      /^\$\.a\[0\]\.numeric\[0\]: .*5000000000/,
    ],
    ['more than 1000 combinations of $or', sixWays(4), /1296 combinations, 1000 are allowed/],
  ])('is rejected with its path and the reason: %s', (_, pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});

describe('an event pattern', () => {
  it('allows as many combinations of $or as AWS', () => {
    expect(compilePattern(sixWays(3))({ a0: 5, a1: 0, a2: 3 })).toBe(true);
  });

  it('compares numbers with numeric within the documented range only', () => {
    const positive = compilePattern({ a: [{ numeric: ['>', 0] }] });
    expect([positive({ a: 5e9 }), positive({ a: 5e9 + 1 })]).toEqual([true, false]);
  });

  it('matches objects only', () => {
    const absent = compilePattern({ a: [{ exists: false }] });
    expect([[], 'text', 5, null, undefined].map((event) => absent(event))).toEqual([false, false, false, false, false]);
  });

  it('is fast for arrays with many partial matches and no complete one', () => {
    const many = (field: string) => Array.from({ length: 400 }, (_, i) => ({ [field]: 1, other: i }));
    const matches = compilePattern({
      ...{ a: { x: [1], y: [1] }, b: { x: [1], y: [1] }, c: { x: [1], y: [1] }, d: { x: [1], z: [1] } },
    });
    const both = Array.from({ length: 400 }, () => ({ x: 1, y: 1 }));
    // Without pruning this searches 400 to the power of 4 combinations.
    expect(matches({ a: both, b: both, c: both, d: [...many('x'), ...many('z')] })).toBe(false);
  });

  it('matches a wildcard in time proportional to the text', () => {
    const matches = compilePattern({ a: [{ wildcard: `*${'a*'.repeat(20)}b` }] });
    expect(matches({ a: 'a'.repeat(100_000) })).toBe(false);
  });

  it('matches every event whose values it lists', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const key = fc.string({ minLength: 1 }).filter((text) => text !== '$or' && !text.includes('.'));
    const document = fc.dictionary(key, fc.oneof(scalar, fc.dictionary(key, scalar, { minKeys: 1 })), { minKeys: 1 });
    fc.assert(
      fc.property(document, (event) => {
        const lists = (value: unknown): unknown =>
          typeof value === 'object' && value !== null
            ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, lists(inner)]))
            : [value];
        return compilePattern(lists(event))(event);
      }),
    );
  });
});

/** `count` fields, each with an $or of six values. */
function sixWays(count: number): object {
  const alternatives = (name: string) => Array.from({ length: 6 }, (_, i) => ({ [name]: [i] }));
  let pattern: object = { $or: alternatives('a0') };
  for (let i = 1; i < count; i++) pattern = { $or: alternatives(`a${i}`).map((one) => ({ ...one, ...pattern })) };
  return pattern;
}
