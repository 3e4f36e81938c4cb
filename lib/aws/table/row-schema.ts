/** How rows of the table are read: parsed with a schema, never cast. */
import * as z from 'zod/mini';
import { MayflyError } from '../../core/errors.ts';
import type { DetectedBy } from '../../core/ledger/clocks.ts';
import type { Platform } from '../../core/policy/policy.ts';
import type { Evidence, QuerySet } from '../../core/policy/query-set.ts';
import { isUnread, quickReadOf } from './compiled-schema.ts';

export type TableRow = Readonly<Record<string, unknown>>;

/** A schema for each property of `T`, the optional ones too: a schema that lacks one would drop it from what is read. */
export type ShapeOf<T> = { readonly [K in keyof T]-?: z.ZodMiniType<T[K]> };

/**
 * Parses a row. Attributes that are not in the schema are dropped.
 *
 * @throws {MayflyError} `ROW_UNREADABLE`, naming the row's key and the path, and no value
 */
export function readRow<T>(schema: z.ZodMiniType<T>, row: TableRow): T {
  const quick = quickReadOf(schema)(row);
  if (!isUnread(quick)) return quick as T; // as the schema would read it: test/lib/aws/table/compiled-schema.test.ts compares them
  const read = schema.safeParse(row);
  if (read.success) return read.data;
  const problems = read.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'the row'}: ${problemOf(issue)}`);
  throw new MayflyError('ROW_UNREADABLE', `row ${String(row.pk)} / ${String(row.sk)}: ${problems.join('; ')}`);
}

const problemOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_type' ? `is not of type ${issue.expected}` : issue.code.replaceAll('_', ' ');

export const text = z.string();
export const number = z.number();
export const flag = z.boolean();
export const list = z.array(text);
export const texts = z.record(text, text);

/**
 * An object whose properties had other names in earlier versions.
 *
 * @param names former name → name
 */
export const renamed = <T>(names: Readonly<Record<string, string>>, schema: z.ZodMiniType<T>) => {
  const former = Object.keys(names);
  return z.pipe(
    z.transform((read: unknown) => {
      if (typeof read !== 'object' || read === null || !former.some((name) => name in read)) return read;
      return Object.fromEntries(Object.entries(read).map(([name, value]) => [names[name] ?? name, value]));
    }),
    schema,
  );
};

/** A set of DynamoDB as a sorted list. */
export const members = z.pipe(
  z.set(text),
  z.transform((set) => [...set].sort()),
);
/** The same where a missing attribute is an empty set, which DynamoDB does not have. */
export const membersOrNone = z._default(members, () => []);

/** JSON in an attribute. */
export const json = z.pipe(
  text,
  z.transform((written, context): unknown => {
    try {
      return JSON.parse(written);
    } catch {
      context.issues.push({ code: 'invalid_format', format: 'json', input: written });
      return z.NEVER;
    }
  }),
);

export const querySet = z.enum({
  live: 'live',
  'last-gasp': 'last-gasp',
  'post-mortem': 'post-mortem',
  launch: 'launch',
  enrollment: 'enrollment',
  log: 'log',
  request: 'request',
  campaign: 'campaign',
} as const satisfies { readonly [Set in QuerySet]: Set });

export const detectedBy = z.enum({ event: 'event', sweep: 'sweep' } as const satisfies {
  readonly [By in DetectedBy]: By;
});

export const evidence = z.object({
  column: text,
  alive: z.optional(z.object({ column: text, oneOf: z.array(text) })),
} satisfies ShapeOf<Evidence>);

export const platform = z.enum({ linux: 'linux', darwin: 'darwin', windows: 'windows' } as const satisfies {
  readonly [P in Platform]: P;
});
