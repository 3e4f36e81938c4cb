import type { Trace } from '../errors.ts';

/** ERROR: the work failed, and is repeated or given up. WARN: it continued without something. INFO: it worked as intended. */
export type Level = 'INFO' | 'WARN' | 'ERROR';

/** What a field's type means in TypeScript. Units are types too: `ms` are milliseconds. */
interface TypeNames {
  readonly string: string;
  readonly 'string or null': string | null;
  readonly strings: readonly string[];
  readonly boolean: boolean;
  readonly number: number;
  readonly 'number or null': number | null;
  readonly bytes: number;
  readonly ms: number;
  readonly 'ms or null': number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly trace: Trace;
}

/** A type by its name, or the texts that the field may hold. */
type FieldType = keyof TypeNames | readonly string[];

/** A field whose name and type do not say enough has a meaning, too. */
export type Field = FieldType | { readonly type: FieldType; readonly meaning: string };

export interface LogEvent {
  readonly level: Level;
  /** When it is written and what follows from it, in a sentence or two. */
  readonly meaning: string;
  readonly fields: Readonly<Record<string, Field>>;
}

/** What was queued. */
export const QUEUED = {
  hosts: { type: 'number', meaning: 'how many hosts have to answer' },
  workload: {
    type: 'string or null',
    meaning: 'the ECS task ARN or EC2 instance id that it is about; null for none, or several',
  },
  queries: { type: 'strings', meaning: 'the queries, as `<rule>/<query>`, the first ten' },
} as const;

/** The type of a field's value. */
export type ValueOf<F> = F extends keyof TypeNames
  ? TypeNames[F]
  : F extends readonly (infer Text)[]
    ? Text
    : F extends { readonly type: infer Type }
      ? ValueOf<Type>
      : never;
