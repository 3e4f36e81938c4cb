import * as core from 'zod/v4/core';

/** Reads a value as its schema does. @returns the value read, or `REFUSED` or `UNDECIDED` */
export type QuickRead = (value: unknown) => unknown;
/** The schema refuses the value. */
export const REFUSED = Symbol('refused');
/** The value reached a part of the schema that is unknown here: only Zod can say whether it fits. */
export const UNDECIDED = Symbol('undecided');
/** Whether a quick reading has no value. No row of the table holds a symbol, and one test costs less than two. */
export const isUnread = (read: unknown): boolean => typeof read === 'symbol';

type Schema = core.$ZodType;

/**
 * Compiles a schema into functions that only read. Zod makes an object for each value in order to report what is wrong with it,
 * which takes most of its time; a value that fits needs none. For a value that does not fit, ask Zod.
 *
 * @see docs/decisions/0045-look-backs-read-in-bulk.md
 */
export function quickReadOf(schema: Schema): QuickRead {
  const known = readers.get(schema);
  if (known) return known;
  readers.set(schema, undecided); // a schema inside itself is left to Zod
  const read = isPlain(schema) ? readOf(schema) : undecided;
  readers.set(schema, read);
  return read;
}

const readers = new WeakMap<Schema, QuickRead>();

const undecided: QuickRead = () => UNDECIDED;
const same: QuickRead = (value) => value;
const readText: QuickRead = (value) => (typeof value === 'string' ? value : REFUSED);
const readNumber: QuickRead = (value) => (Number.isFinite(value) ? value : REFUSED);
const readFlag: QuickRead = (value) => (typeof value === 'boolean' ? value : REFUSED);

/** Further checks and conversions of a schema are left to Zod. */
function isPlain({ _zod: { def } }: Schema): boolean {
  return !def.checks?.length && !('coerce' in def && def.coerce) && !('format' in def && def.format);
}

function readOf(schema: Schema): QuickRead {
  return ofValue(schema) ?? ofMembers(schema) ?? ofOther(schema) ?? undecided;
}

function ofValue(schema: Schema): QuickRead | undefined {
  if (schema instanceof core.$ZodString) return readText;
  if (schema instanceof core.$ZodNumber) return readNumber;
  if (schema instanceof core.$ZodBoolean) return readFlag;
  if (schema instanceof core.$ZodUnknown) return same;
  if (schema instanceof core.$ZodLiteral || schema instanceof core.$ZodEnum) {
    const values: ReadonlySet<unknown> = schema._zod.values;
    return (value) => (values.has(value) ? value : REFUSED);
  }
  return undefined;
}

function ofMembers(schema: Schema): QuickRead | undefined {
  if (schema instanceof core.$ZodObject && !schema._zod.def.catchall) return objectOf(schema._zod.def.shape);
  if (schema instanceof core.$ZodArray) return arrayOf(quickReadOf(schema._zod.def.element));
  if (schema instanceof core.$ZodSet) return setOf(quickReadOf(schema._zod.def.valueType));
  if (schema instanceof core.$ZodRecord && isText(schema._zod.def.keyType))
    return recordOf(quickReadOf(schema._zod.def.valueType));
  return undefined;
}

function ofOther(schema: Schema): QuickRead | undefined {
  if (schema instanceof core.$ZodOptional) return optionalOf(schema._zod.def.innerType);
  if (schema instanceof core.$ZodDefault) {
    const { def } = schema._zod;
    const read = quickReadOf(def.innerType);
    return (value) => (value === undefined ? def.defaultValue : read(value));
  }
  if (schema instanceof core.$ZodPipe) {
    const [first, second] = [quickReadOf(schema._zod.def.in), quickReadOf(schema._zod.def.out)];
    return (value) => {
      const between = first(value);
      return isUnread(between) ? between : second(between);
    };
  }
  if (schema instanceof core.$ZodTransform) {
    const { transform } = schema._zod.def;
    return (value) => {
      const payload = { value, issues: [] };
      const made = transform(value, payload);
      return payload.issues.length > 0 ? REFUSED : made;
    };
  }
  if (schema instanceof core.$ZodUnion) return anyOf(schema._zod.def.options.map(quickReadOf));
  return undefined;
}

const isText = (schema: Schema): boolean => schema instanceof core.$ZodString && isPlain(schema);

/** A value that may be missing; a missing value with a default inside is left to Zod. */
function optionalOf(inner: Schema): QuickRead {
  if (inner._zod.optin === 'defaulted') return undecided;
  const read = quickReadOf(inner);
  return (value) => (value === undefined ? undefined : read(value));
}

/** The first option that the value fits. An option that is undecided leaves the value to Zod, because it may be the first. */
function anyOf(reads: readonly QuickRead[]): QuickRead {
  return (value) => {
    for (const read of reads) {
      const found = read(value);
      if (found !== REFUSED) return found;
    }
    return REFUSED;
  };
}

/** Whether it is an object with properties, as JSON and DynamoDB have them. */
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectOf(shape: Readonly<Record<string, Schema>>): QuickRead {
  const properties = Object.entries(shape).map(([name, schema]) => {
    const { inner, mayLack } = lackable(schema);
    return { name, mayLack, read: quickReadOf(inner) };
  });
  if (Object.hasOwn(shape, '__proto__')) return undecided;
  return (value) => {
    if (!isMap(value)) return REFUSED;
    const made: Record<string, unknown> = {};
    for (const { name, mayLack, read } of properties) {
      const before = value[name];
      if (before === undefined && mayLack) continue;
      const after = read(before);
      if (isUnread(after)) return after;
      made[name] = after;
    }
    return made;
  };
}

/** Takes the schema of an optional property apart, because most properties of a row are: one call less for each. */
function lackable(schema: Schema): { readonly inner: Schema; readonly mayLack: boolean } {
  const mayLack = schema instanceof core.$ZodOptional && schema._zod.optin !== 'defaulted';
  return { inner: mayLack ? schema._zod.def.innerType : schema, mayLack };
}

function recordOf(read: QuickRead): QuickRead {
  return (value) => {
    if (!isMap(value)) return REFUSED;
    if (Object.getPrototypeOf(value) !== Object.prototype) return UNDECIDED;
    const made: Record<string, unknown> = {};
    for (const name in value) {
      const found = name === '__proto__' ? UNDECIDED : read(value[name]);
      if (isUnread(found)) return found;
      made[name] = found;
    }
    return made;
  };
}

function arrayOf(read: QuickRead): QuickRead {
  return (value) => {
    if (!Array.isArray(value)) return REFUSED;
    const made: unknown[] = [];
    for (const member of value) {
      const found = read(member);
      if (isUnread(found)) return found;
      made.push(found);
    }
    return made;
  };
}

function setOf(read: QuickRead): QuickRead {
  return (value) => {
    if (!(value instanceof Set)) return REFUSED;
    const made = new Set<unknown>();
    for (const member of value) {
      const found = read(member);
      if (isUnread(found)) return found;
      made.add(found);
    }
    return made;
  };
}
