import { LocalError } from './local-error.ts';

export type Json = Record<string, unknown>;

/** `value` as an object. @throws {LocalError} if it is anything else, naming `where` */
export function record(value: unknown, where = 'the assembly'): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LocalError(`${where}: must be an object`);
  return value as Json;
}
