import type { RotatingSecret } from './rotating-secret.ts';
import { sameSecret } from './same-secret.ts';

/** The name of the secret that always exists. */
export const DEFAULT_SECRET = 'default';

/**
 * The name of the enroll secret that an agent sent; undefined if it matches none. The value before a rotation matches too.
 *
 * @param secrets by name
 * @throws if it matches none of the secrets that could be read, and one could not be read: it may be that one
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
