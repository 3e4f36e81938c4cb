import { createHash } from 'node:crypto';

/** An id derived from its parts, 32 hex digits: the same parts give the same id. */
export const digestOf = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
