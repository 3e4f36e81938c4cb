import { createHash } from 'node:crypto';

/** An id made of what it stands for: the same parts give the same id. */
export const digestOf = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
