import * as z from 'zod';
import type { Path } from './source-document.ts';

/** The keys an object has where `path` leads in the schema; none where it is no object of fixed keys. */
export const keysAt = (schema: z.ZodType, path: Path): string[] =>
  reached(schema, path).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));

/** Whether `path` ends at an entry of a map whose keys are free: one of several, without which the map is still one. */
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

/** What a schema is below its defaults, and each alternative of a union. */
function unwrapped(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodUnion ? schema.options.flatMap((one) => unwrapped(one as z.ZodType)) : [schema];
}
