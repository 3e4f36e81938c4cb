import type { RotatingSecret } from './rotating-secret.ts';
import { sameSecret } from './same-secret.ts';

/** The name of the one secret that is always there. */
export const DEFAULT_SECRET = 'default';

/**
 * Which of the enroll secrets was presented; the value before a rotation counts as the same. Undefined where it is none.
 *
 * @param secrets by name
 * @throws when it fits none that could be read, and one could not: then it may be that one
 */
export async function secretNamed(
  given: string,
  secrets: ReadonlyMap<string, RotatingSecret>,
): Promise<string | undefined> {
  return (
    (await nameIn(secrets, given, (secret) => secret.values())) ??
    (await nameIn(secrets, given, (secret) => secret.refreshed()))
  );
}

async function nameIn(
  secrets: ReadonlyMap<string, RotatingSecret>,
  given: string,
  read: (secret: RotatingSecret) => Promise<readonly string[]>,
): Promise<string | undefined> {
  const names = [...secrets.keys()];
  const known = await Promise.allSettled([...secrets.values()].map(read));
  const at = known.findIndex(
    (one) => one.status === 'fulfilled' && one.value.some((value) => sameSecret(value, given)),
  );
  if (at >= 0) return names[at];
  const failed = known.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return undefined;
}
