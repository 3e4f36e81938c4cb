import { MayflyError, traceOf } from '../errors.ts';
import type { Report } from '../reports/report.ts';
import type { PolicyStore, PolicyVersion } from './policy.ts';

export interface PolicyCacheDeps {
  readonly store: PolicyStore;
  readonly now: () => number; // epoch ms
  readonly report: Report;
}

/** Maximum age of a cached version: a pushed change applies everywhere within this time. */
const FRESH_MS = 30_000;
/** After a failed read, the next attempt comes sooner. */
const RETRY_MS = 5_000;

/**
 * Caches the live policy in one function. A fresh version costs no read; a stale one costs one small read of the live
 * number, and only a new version is fetched. Numbers only grow, so the older answer of a lagging replica is ignored.
 *
 * A TTL cache library would replace one comparison only: it keeps no expired value for an outage, and knows no versions.
 */
export class PolicyCache {
  readonly #deps: PolicyCacheDeps;
  #held: PolicyVersion | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<PolicyVersion> | undefined;
  #failing = false;

  constructor(deps: PolicyCacheDeps) {
    this.#deps = deps;
  }

  /**
   * The live version, at most 30 s old; while the table cannot be read, the last known one.
   *
   * @throws the error of the table if no version is known yet; {@link MayflyError} `POLICY_MISSING` if the table has none
   */
  async get(): Promise<PolicyVersion> {
    if (this.#held && this.#deps.now() < this.#freshUntilMs) return this.#held;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<PolicyVersion> {
    const { now, report } = this.#deps;
    const startedAtMs = now();
    try {
      const before = this.#held;
      const held = await this.#latest(before);
      this.#held = held;
      this.#freshUntilMs = startedAtMs + FRESH_MS;
      this.#failing = false;
      if (held !== before) report('policy_loaded', { version: held.version, digest: held.digest });
      return held;
    } catch (error) {
      if (!this.#held) throw error;
      this.#freshUntilMs = now() + RETRY_MS;
      if (!this.#failing) {
        report('policy_refresh_failed', { version: this.#held.version, error: traceOf(error) });
      }
      this.#failing = true;
      return this.#held;
    }
  }

  async #latest(held: PolicyVersion | undefined): Promise<PolicyVersion> {
    const { store } = this.#deps;
    const number = await store.liveNumber();
    if (held && number <= held.version) return held;
    if (number === 0)
      throw new MayflyError(
        'POLICY_MISSING',
        'the table has no policy: deploy the stack again, or push one with `mayfly policy push`',
      );
    const version = await store.version(number);
    if (!version) throw new Error(`version ${number} of the policy is live but missing`);
    return version;
  }
}
