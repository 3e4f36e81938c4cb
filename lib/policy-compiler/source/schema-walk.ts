import * as z from 'zod';
import type { Path } from './source-document.ts';

/** The keys of the object at `path` in a schema; none if there is no object with fixed keys. */
export const keysAt = (schema: z.ZodType, path: Path): string[] =>
  reached(schema, path).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));

/** Whether `path` ends at an entry of a map with free keys. The map is valid without that entry. */
export const isRecordEntry = (schema: z.ZodType, path: Path): boolean =>
  path.length > 0 && reached(schema, path.slice(0, -1)).some((one) => one instanceof z.ZodRecord);

const reached = (schema: z.ZodType, path: Path): z.ZodType[] =>
  path.reduce<z.ZodType[]>(
    (found, step) => found.flatMap((one) => childrenOf(one, step)).flatMap(unwrapped),
    unwrapped(schema),
  );

function childrenOf(schema: z.ZodType, step: PropertyKey): z.ZodType[] {
  if (schema instanceof z.ZodObject) {
    const child: unknown = schema.shape[String(step)];
    return child instanceof z.ZodType ? [child] : [];
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType as z.ZodType];
  return schema instanceof z.ZodArray ? [schema.element as z.ZodType] : [];
}

/** A schema without its defaults and optionals, and each alternative of a union. */
function unwrapped(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodUnion ? schema.options.flatMap((one) => unwrapped(one as z.ZodType)) : [schema];
}
