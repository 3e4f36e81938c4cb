import { LocalError } from './local-error.ts';

export type Json = Record<string, unknown>;

/** Returns `value` as an object. @throws {LocalError} naming `where` if it is not an object */
export function record(value: unknown, where = 'the assembly'): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LocalError(`${where}: must be an object`);
  return value as Json;
}
