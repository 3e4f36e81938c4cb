/*
 * Lenient readers for fields of events; they never throw. A field that is absent, null, empty or of another type is treated as
 * missing: AWS omits fields and adds enum values at any time (docs/spec/aws-events.md §0), and events may be replayed or
 * handmade.
 */

/** An object of an event, with unknown keys. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_BYTES = 1024; // of an ARN or a name, which becomes part of a key of the table
const MAX_ID = 255; // of an instance, in characters
const MAX_DETAIL_BYTES = 512; // of a description: those of fifty containers fill a third of an item

/** Replaces lone surrogates, which JSON allows and UTF-8 does not, by U+FFFD: the table rejects them. */
const wellFormed = (value: string): string => value.toWellFormed();

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value if it is an object, or else an empty object. */
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

/** A descriptive text, cut to 512 bytes at a character boundary. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const cut = Buffer.from(value).subarray(0, MAX_DETAIL_BYTES);
  return cut.toString().replace(/\uFFFD$/, '');
}

/** A whole number, also in a string. @example wholeOf('12') // 12 */
export function wholeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** A smaller number is epoch seconds (until the year 5138), a larger one epoch ms (from March 1973). */
const MIN_EPOCH_MS = 1e11;
/** EC2 began in 2006, so an earlier time is none of an event. */
const MIN_INSTANT_MS = Date.UTC(2006, 0);
/** The latest time a Date can represent. */
const MAX_EPOCH_MS = 8.64e15;

/** ISO 8601, with `T` or a blank, and with or without a colon in its zone; without a zone it is UTC. */
const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;
/** The date of HTTP and of mail. */
const RFC_TIME = /^[a-z]{3}, \d{1,2} [a-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})$/i;

/**
 * An instant in epoch ms: from ISO text, or from a number of seconds or ms, as in the API of ECS and in Batch.
 *
 * @example instantOf(1_740_830_400) // 1_740_830_400_000, as for '2025-03-01T12:00:00Z'
 */
export function instantOf(value: unknown): number | undefined {
  const atMs = typeof value === 'string' ? textInstant(value) : numberInstant(value);
  return atMs !== undefined && atMs >= MIN_INSTANT_MS && atMs <= MAX_EPOCH_MS ? atMs : undefined;
}

/** `Date.parse` alone reads "x 7" as July 2001. */
function textInstant(text: string): number | undefined {
  if (/^\d{10,13}$/.test(text)) return numberInstant(Number(text));
  const [, date, time = '00:00', zone = 'Z'] = ISO_TIME.exec(text) ?? [];
  if (date !== undefined) return Date.parse(`${date}T${time}${zone}`);
  return RFC_TIME.test(text) ? Date.parse(text) : undefined;
}

function numberInstant(value: unknown): number | undefined {
  if (typeof value !== 'number') return undefined;
  return Math.round(value < MIN_EPOCH_MS ? value * 1000 : value);
}

/** The objects of a list; other elements are left out. Empty if the value is not a list. */
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** The names in a list; see `nameOf`. */
export const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.flatMap((element: unknown) => nameOf(element) ?? []) : [];
