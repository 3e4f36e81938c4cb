import type { RotatingSecret } from '../../core/nodes/rotating-secret.ts';

type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

/** Reads one value of a secret; undefined if the secret has no previous value, as before its first rotation. */
export type ReadSecret = (arn: string, stage: Stage) => Promise<string | undefined>;

// A rotation takes effect within a minute (docs/runbook.md, "Revoke a host or a secret").
const REFRESH_MS = 50_000;
const STALE_MS = 60 * 60_000;
const RETRY_MS = 30_000; // requests with a wrong secret must not cost a call each

/**
 * A secret in Secrets Manager: a plain string with the stages AWSCURRENT and AWSPREVIOUS. A TTL cache does not fit,
 * because the same value has three maximum ages (refresh, retry, outage), and the caller determines which one applies.
 */
export class AwsSecret implements RotatingSecret {
  readonly #arn: string;
  readonly #now: () => number;
  readonly #read: ReadSecret;
  #cached: { readonly values: Promise<readonly string[]>; readonly atMs: number } | undefined;

  /** @param now epoch ms */
  constructor(arn: string, now: () => number, read: ReadSecret) {
    this.#arn = arn;
    this.#now = now;
    this.#read = read;
  }

  values(): Promise<readonly string[]> {
    return this.#noOlderThan(REFRESH_MS, true);
  }

  refreshed(): Promise<readonly string[]> {
    // Bypasses the longer cache: a key is rejected only after a fresh read of the secret.
    return this.#noOlderThan(RETRY_MS, false);
  }

  #noOlderThan(ms: number, orHeld: boolean): Promise<readonly string[]> {
    const before = this.#cached;
    if (before && this.#now() - before.atMs < ms) return before.values;
    const values = this.#fetch();
    const fetched = { values, atMs: this.#now() };
    this.#cached = fetched;
    // A failed fetch is not kept: the next request tries again. Until then the last values stay valid, for at most
    // STALE_MS: a secret that is rotated during an outage of Secrets Manager is accepted that long.
    const held = before && this.#now() - before.atMs < STALE_MS ? before : undefined;
    values.catch(() => {
      if (this.#cached === fetched) this.#cached = held;
    });
    return held && orHeld ? values.catch(() => held.values) : values;
  }

  async #fetch(): Promise<readonly string[]> {
    const [current, previous] = await Promise.all([
      this.#read(this.#arn, 'AWSCURRENT'),
      this.#read(this.#arn, 'AWSPREVIOUS'),
    ]);
    // Without a current value every node key would count as invalid.
    if (!current) throw new Error(`${this.#arn} has no current value`);
    return previous ? [current, previous] : [current];
  }
}
