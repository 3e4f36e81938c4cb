import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two secrets are equal, in a time that tells nothing of either; an empty one equals nothing. */
export function sameSecret(known: string, given: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return known !== '' && timingSafeEqual(digest(known), digest(given));
}
