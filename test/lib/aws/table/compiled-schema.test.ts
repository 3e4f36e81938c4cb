import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { isUnread, quickReadOf, REFUSED, UNDECIDED } from '../../../../lib/aws/table/compiled-schema.ts';
import { renamed, texts } from '../../../../lib/aws/table/row-schema.ts';

/** One of each kind of schema that rows have. */
const Row = z.object({
  name: z.string(),
  count: z.number(),
  isLive: z.optional(z.boolean()),
  mark: z.optional(z.literal(true)),
  kind: z._default(z.enum({ task: 'task', instance: 'instance' }), 'task'),
  labels: z.optional(texts),
  names: z._default(z.array(z.string()), () => []),
  members: z.optional(
    z.pipe(
      z.set(z.string()),
      z.transform((set) => [...set].sort()),
    ),
  ),
  atMs: z.optional(z.union([z.number(), z.literal('never')])),
  inner: z.optional(renamed({ before: 'now' }, z.object({ now: z.number() }))),
  odd: z.optional(z.unknown()),
  even: z.optional(
    z.pipe(
      z.number(),
      z.transform((value, context) => {
        if (value % 2 === 0) return value / 2;
        context.issues.push({ code: 'custom', input: value });
        return z.NEVER;
      }),
    ),
  ),
});

/** Zod leaves this name out; a quick reading leaves it to Zod. */
const named = fc.string().filter((name) => name !== '__proto__');
const right = {
  name: fc.string(),
  count: fc.double({ noNaN: true, noDefaultInfinity: true }),
  isLive: fc.boolean(),
  mark: fc.constant(true),
  kind: fc.constantFrom('task', 'instance'),
  labels: fc.dictionary(named, fc.string(), { noNullPrototype: true }),
  names: fc.array(fc.string()),
  members: fc.array(fc.string()).map((some) => new Set(some)),
  atMs: fc.oneof(fc.integer(), fc.constant('never')),
  inner: fc.oneof(fc.record({ now: fc.integer() }), fc.record({ before: fc.integer() })),
  odd: fc.anything(),
  even: fc.integer().map((n) => n * 2),
};
const wrong = fc.oneof(fc.anything(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 3, null, [], {}, 'other'));

describe('a quick reading', () => {
  it('reads each row that fits as the schema does', () => {
    fc.assert(
      fc.property(fc.record({ ...right, more: fc.anything() }, { requiredKeys: ['name', 'count'] }), (row) => {
        expect(quickReadOf(Row)(row)).toEqual(z.parse(Row, row));
      }),
    );
  });

  it('reads no row that the schema refuses, whichever part of it is wrong', () => {
    const some = Object.fromEntries(
      Object.entries(right).map(([name, value]) => [name, fc.oneof<fc.Arbitrary<unknown>[]>(value, wrong)]),
    );
    fc.assert(
      fc.property(fc.record(some, { requiredKeys: [] }), (row) => {
        const quick = quickReadOf(Row)(row);
        const read = z.safeParse(Row, row);
        if (!isUnread(quick)) expect({ success: true, data: quick }).toEqual(read);
      }),
    );
  });

  it.each([
    ['of another type', { name: 7, count: 1 }],
    ['missing', { name: 'a' }],
    ['no finite number', { name: 'a', count: Number.NaN }],
    ['of no listed value', { name: 'a', count: 1, kind: 'host' }],
    ['refused by a transformation', { name: 'a', count: 1, even: 3 }],
    ['a list instead of a map', { name: 'a', count: 1, labels: ['a'] }],
  ])('leaves a row to the schema if a value is %s', (_, row) => {
    expect(quickReadOf(Row)(row)).toBe(REFUSED);
    expect(z.safeParse(Row, row).success).toBe(false);
  });

  it('leaves what it does not know to the schema: checks, formats, classes, and schemas inside themselves', () => {
    interface Nested {
      readonly inner?: Nested | undefined;
    }
    const nested: z.ZodMiniType<Nested> = z.object({ inner: z.optional(z.lazy(() => nested)) });
    for (const [schema, value] of [
      [z.string().check(z.minLength(1)), ''],
      [z.iso.datetime(), 'now'],
      [z.instanceof(Date), new Date(0)],
      [nested, { inner: {} }],
    ] as const)
      expect(quickReadOf(schema)(value)).toBe(UNDECIDED);
  });

  it('leaves a union to the schema if the value may fit an option that it does not know', () => {
    const trimmed = z.object({ name: z.string().check(z.trim()) });
    const plain = z.object({ name: z.string() });
    const row = { name: ' a ' };
    expect(quickReadOf(z.union([trimmed, plain]))(row)).toBe(UNDECIDED);
    expect(z.parse(z.union([trimmed, plain]), row)).toEqual({ name: 'a' });
    expect(quickReadOf(z.union([plain, trimmed]))(row)).toEqual(row);
    expect(quickReadOf(z.union([trimmed, z.number()]))(7)).toBe(7);
  });
});
