import { traceOf } from '../errors.ts';
import type { Report } from '../report.ts';
import type { Policy, PolicyStore, PolicyVersion } from './policy.ts';
import { SHIPPED_BY, versionAfter } from './policy-version.ts';

export interface PolicyCacheDeps {
  readonly store: PolicyStore;
  /** What an empty table is seeded with. */
  readonly builtIn: { readonly policy: Policy; readonly sources: Readonly<Record<string, string>> };
  readonly now: () => number; // epoch ms
  readonly report: Report;
}

/** A change is in force everywhere within this, because nobody believes an older look at the table. */
const FRESH_MS = 30_000;
/** After a look that failed the next one comes sooner. */
const RETRY_MS = 5_000;

/**
 * The live policy as a function sees it. While fresh it costs no read; then one tiny read tells whether it moved, and
 * only a version that is new is fetched. Versions only grow, so an older answer of a replica that lags is ignored. A TTL
 * cache would replace one comparison: it keeps no expired value for an outage, and knows no versions.
 */
export class PolicyCache {
  readonly #deps: PolicyCacheDeps;
  #held: PolicyVersion | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<PolicyVersion> | undefined;
  #failing = false;

  constructor(deps: PolicyCacheDeps) {
    this.#deps = deps;
  }

  /**
   * The live version, at most 30 s old; while the table cannot be read, the one before.
   *
   * @throws what the table said, while no version is known yet: nobody can tell what is live
   */
  async get(): Promise<PolicyVersion> {
    if (this.#held && this.#deps.now() < this.#freshUntilMs) return this.#held;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<PolicyVersion> {
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
    if (number === 0) return this.#seed();
    const version = await store.version(number);
    if (!version) throw new Error(`version ${number} of the policy is live and missing`);
    return version;
  }

  /** Version 1 for an empty table; of several functions that start at once one writes it, all go on with what is there. */
  async #seed(): Promise<PolicyVersion> {
    const { store, builtIn, now } = this.#deps;
    const first = versionAfter(0, {
      ...builtIn,
      message: 'The default policy',
      pushedBy: SHIPPED_BY,
      pushedAtMs: now(),
    });
    if (await store.push(first, 0)) return first;
    const theirs = await store.current();
    if (!theirs) throw new Error('there is a live policy, and it cannot be read');
    return theirs;
  }
}
