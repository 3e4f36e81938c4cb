import type { Aliases } from '../nodes/registry.ts';

/** Looks up in ECS which EC2 instances the container instances of one cluster are; unknown ones are left out. */
export interface ContainerInstanceLookup {
  instancesOf(clusterArn: string, containerInstanceArns: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

interface Cached {
  readonly instance?: string;
  /** Whether queries queued under the container instance's ARN have been moved to its host. */
  readonly moved?: boolean;
  /** Why the look-up failed; requests until `untilMs` fail the same way without another call. */
  readonly failure?: unknown;
  readonly untilMs: number;
}

const HIT_MS = 300_000; // a container instance never changes its EC2 instance
const MISS_MS = 15_000;
const FAILURE_MS = 1_000; // covers one batch; failed events are retried after that
const CACHE_SIZE = 10_000;

/**
 * Finds the EC2 instance that runs a task; `resolveHost` finds its host. Answers come from the alias table, which
 * container-instance events fill at no cost. Missing entries are looked up in ECS with one call per cluster and batch, because
 * all describe calls of an account share one bucket of 20 a second.
 */
export class ContainerHosts {
  readonly #aliases: Aliases;
  readonly #lookup: ContainerInstanceLookup;
  readonly #now: () => number;
  readonly #cache = new Map<string, Cached>();

  constructor(aliases: Aliases, lookup: ContainerInstanceLookup, now: () => number) {
    this.#aliases = aliases;
    this.#lookup = lookup;
    this.#now = now;
  }

  /** Looks up many container instances at once, so that the events of one batch cost one call for each cluster. */
  async prefetch(wanted: readonly { clusterArn: string; containerInstanceArn: string }[]): Promise<void> {
    for (const [clusterArn, arns] of await this.#missingFrom(wanted)) await this.#fetch(clusterArn, [...arns]);
  }

  /** Caches what the alias table knows. @returns cluster ARN → container instances it does not know */
  async #missingFrom(
    wanted: readonly { clusterArn: string; containerInstanceArn: string }[],
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const missing = new Map<string, Set<string>>();
    for (const { clusterArn, containerInstanceArn } of wanted) {
      if (this.#cached(containerInstanceArn)) continue;
      const known = await this.#aliases.hostOf(containerInstanceArn);
      if (known) this.#keep(containerInstanceArn, { instance: known }, HIT_MS);
      else missing.set(clusterArn, (missing.get(clusterArn) ?? new Set()).add(containerInstanceArn));
    }
    return missing;
  }

  /** Asks ECS about container instances of one cluster. A failure is cached, and thrown by `instanceOf`. */
  async #fetch(clusterArn: string, arns: readonly string[]): Promise<void> {
    try {
      const found = await this.#lookup.instancesOf(clusterArn, arns);
      for (const arn of arns) {
        const instance = found.get(arn);
        if (instance) await this.#aliases.learn(arn, instance, this.#now(), 'aws');
        this.#keep(arn, { instance }, instance ? HIT_MS : MISS_MS);
      }
    } catch (failure) {
      for (const arn of arns) this.#keep(arn, { failure }, FAILURE_MS);
    }
  }

  /**
   * Learns the instance from a container-instance event, without a call to ECS.
   *
   * @param then work that the new alias triggers; the alias is cached only after it succeeds
   */
  async learn(containerInstanceArn: string, instance: string, then: () => Promise<void>): Promise<void> {
    const cached = this.#cached(containerInstanceArn);
    if (cached?.instance === instance && cached.moved) return;
    await this.#aliases.learn(containerInstanceArn, instance, this.#now(), 'aws');
    await then();
    this.#keep(containerInstanceArn, { instance, moved: true }, HIT_MS);
  }

  /** Reads the instance of a container instance from the alias table again, bypassing the cache. Makes no call to ECS. */
  async lookAgain(containerInstanceArn: string): Promise<string | undefined> {
    const instance = await this.#aliases.hostOf(containerInstanceArn, true);
    if (instance) this.#keep(containerInstanceArn, { instance }, HIT_MS);
    return instance;
  }

  /** The instance that runs a task; undefined without a container instance (Fargate), or if ECS does not know it. */
  async instanceOf(clusterArn: string, containerInstanceArn: string | undefined): Promise<string | undefined> {
    if (!containerInstanceArn) return undefined;
    await this.prefetch([{ clusterArn, containerInstanceArn }]);
    const { instance, failure } = this.#cached(containerInstanceArn) ?? {};
    if (failure !== undefined) throw failure;
    return instance;
  }

  #cached(arn: string): Cached | undefined {
    const entry = this.#cache.get(arn);
    return entry && entry.untilMs > this.#now() ? entry : undefined;
  }

  #keep(arn: string, entry: Omit<Cached, 'untilMs'>, ms: number): void {
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size >= CACHE_SIZE && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(arn, { ...entry, untilMs: this.#now() + ms });
  }
}
