import type { Aliases } from '../nodes/registry.ts';

/** Asks ECS which instances stand behind container instances of one cluster; ids it does not know are left out. */
export interface ContainerInstanceLookup {
  instancesOf(clusterArn: string, containerInstanceArns: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

interface Cached {
  readonly instance?: string;
  /** What waited under the container instance's own name has been moved. */
  readonly moved?: boolean;
  /** Why the look-up failed; whoever asks meanwhile gets the same answer without another call. */
  readonly failure?: unknown;
  readonly untilMs: number;
}

const HIT_MS = 300_000; // a container instance never changes its EC2 instance
const MISS_MS = 15_000;
const FAILURE_MS = 1_000; // within one batch; the failed events come back after that
const CACHE_SIZE = 10_000;

/**
 * Which EC2 instance runs a task; which host that is, `hostOf` decides. Answers come from the alias table, which
 * container-instance events fill for free; what it lacks is asked of ECS, one call per cluster and batch, because all
 * of ECS's describe calls in an account share one bucket of 20 a second.
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

  /** Looks up many at once, so that the events of one batch cost one call per cluster. */
  async prefetch(wanted: readonly { clusterArn: string; containerInstanceArn: string }[]): Promise<void> {
    const missing = new Map<string, Set<string>>();
    for (const { clusterArn, containerInstanceArn } of wanted) {
      if (this.#cached(containerInstanceArn)) continue;
      const known = await this.#aliases.hostOf(containerInstanceArn);
      if (known) this.#keep(containerInstanceArn, { instance: known }, HIT_MS);
      else missing.set(clusterArn, (missing.get(clusterArn) ?? new Set()).add(containerInstanceArn));
    }
    for (const [clusterArn, arns] of missing) {
      try {
        const found = await this.#lookup.instancesOf(clusterArn, [...arns]);
        for (const arn of arns) {
          const instance = found.get(arn);
          if (instance) await this.#aliases.learn(arn, instance, this.#now(), 'aws');
          this.#keep(arn, instance ? { instance } : {}, instance ? HIT_MS : MISS_MS);
        }
      } catch (failure) {
        for (const arn of arns) this.#keep(arn, { failure }, FAILURE_MS);
      }
    }
  }

  /**
   * Learns from a container-instance event, which costs ECS nothing.
   *
   * @param then what this news sets off; it counts as known here only when that is done
   */
  async learn(containerInstanceArn: string, instance: string, then: () => Promise<void>): Promise<void> {
    const cached = this.#cached(containerInstanceArn);
    if (cached?.instance === instance && cached.moved) return;
    await this.#aliases.learn(containerInstanceArn, instance, this.#now(), 'aws');
    await then();
    this.#keep(containerInstanceArn, { instance, moved: true }, HIT_MS);
  }

  /** The instance of a container instance that was unknown a moment ago: asks the table itself, and nobody else. */
  async news(containerInstanceArn: string): Promise<string | undefined> {
    const instance = await this.#aliases.hostOf(containerInstanceArn, true);
    if (instance) this.#keep(containerInstanceArn, { instance }, HIT_MS);
    return instance;
  }

  /** The instance that runs a task, or undefined: no container instance (Fargate), or one that ECS does not know. */
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
