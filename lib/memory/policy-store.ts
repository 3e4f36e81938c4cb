import type { PolicyStore, PolicyVersion } from '../core/policy/policy.ts';

/** Policy versions in memory. */
export class MemoryPolicyStore implements PolicyStore {
  readonly #versions: PolicyVersion[] = [];

  async liveNumber(): Promise<number> {
    return this.#versions.length;
  }

  async current(): Promise<PolicyVersion | undefined> {
    return this.#versions.at(-1);
  }

  async version(version: number): Promise<PolicyVersion | undefined> {
    return this.#versions[version - 1];
  }

  async history(limit: number): Promise<readonly Omit<PolicyVersion, 'policy' | 'sources'>[]> {
    const newest = this.#versions.toReversed().slice(0, limit);
    return newest.map(({ policy: _, sources: __, ...head }) => head);
  }

  async push(next: PolicyVersion, expected: number): Promise<boolean> {
    if (next.version !== expected + 1) throw new Error(`version ${next.version} cannot follow version ${expected}`);
    if (this.#versions.length !== expected) return false;
    this.#versions.push(next);
    return true;
  }
}
