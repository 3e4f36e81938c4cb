import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two secrets are equal, compared in constant time; an empty secret equals nothing. */
export function sameSecret(known: string, given: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return known !== '' && timingSafeEqual(digest(known), digest(given));
}
