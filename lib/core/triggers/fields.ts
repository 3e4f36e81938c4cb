/*
 * Fields of events as they are read: each gives what it can and never throws. Absent, null, empty, and of another type are the
 * same: AWS leaves fields out and adds enum values at any time (docs/spec/aws-events.md §0), and events are also replayed or made by hand.
 */

/** An object of an event, open to unknown keys. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_BYTES = 1024; // of an ARN or a name, which is part of a key of the table
const MAX_ID = 255; // of an instance, in characters
const MAX_DETAIL_BYTES = 512; // of what only describes: fifty containers with all of it take a third of an item

/** Half a character, which JSON can spell and UTF-8 cannot, becomes U+FFFD: the table takes no other. */
const wellFormed = (value: string): string => value.toWellFormed();

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of an object; none where it is none. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** A name or an ARN of at most 1,024 bytes. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const name = wellFormed(value);
  return Buffer.byteLength(name) <= MAX_BYTES ? name : undefined;
}

/** The id of an instance. */
export const instanceIdOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= MAX_ID ? wellFormed(value) : undefined;

/** A text that only describes, cut at whole characters. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const cut = Buffer.from(value).subarray(0, MAX_DETAIL_BYTES);
  return cut.toString().replace(/\uFFFD$/, '');
}

/** A whole number, also one that is spelled as a text. */
export function wholeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** Epoch seconds until the year 5138, and epoch ms from March 1973 on. */
const LEAST_MS = 1e11;
/** What a Date can hold. */
const MOST_MS = 8.64e15;

/** An instant in epoch ms: ISO text with any fraction, or a number of seconds or ms, as ECS's API and Batch have it. */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'string' && value !== '') {
    const atMs = Date.parse(value);
    return Number.isFinite(atMs) ? atMs : undefined;
  }
  if (typeof value !== 'number' || !(value > 0)) return undefined;
  const atMs = Math.round(value < LEAST_MS ? value * 1000 : value);
  return atMs <= MOST_MS ? atMs : undefined;
}

/** The objects of a list; what is none is left out, and a list that is none has none. */
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** The names of a list. */
export const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.flatMap((element: unknown) => nameOf(element) ?? []) : [];
