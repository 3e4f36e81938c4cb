import type { DirectoryEntry, NodeDirectory } from '../core/nodes/directory.ts';
import type { Alias, Aliases, AliasSource } from '../core/nodes/registry.ts';

/** Aliases of hosts in memory. */
export class MemoryAliases implements Aliases {
  readonly #hosts = new Map<string, Alias>();

  async find(alias: string): Promise<Alias | undefined> {
    return this.#hosts.get(alias);
  }

  async hostOf(alias: string): Promise<string | undefined> {
    return this.#hosts.get(alias)?.host;
  }

  async learn(alias: string, host: string, nowMs = 0, source: AliasSource = 'agent'): Promise<void> {
    this.#hosts.set(alias, { host, source, sinceMs: nowMs });
  }

  async forget(alias: string, host: string): Promise<void> {
    if (this.#hosts.get(alias)?.host === host) this.#hosts.delete(alias);
  }
}

/** The node directory in memory. It has a single page. */
export class MemoryDirectory implements NodeDirectory {
  readonly #lines = new Map<string, { readonly entry: DirectoryEntry; readonly expiresAtMs: number }>();
  /** Kept apart from the entries, because each poll replaces its entry. */
  readonly #configHashes = new Map<string, string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async record(entry: DirectoryEntry, expiresAtMs: number): Promise<void> {
    this.#lines.set(entry.hostIdentifier, { entry, expiresAtMs });
  }

  async remove(host: string): Promise<void> {
    this.#lines.delete(host);
    this.#configHashes.delete(host);
  }

  async recordConfigHash(host: string, configHash: string): Promise<void> {
    if (this.#lines.has(host)) this.#configHashes.set(host, configHash);
  }

  async setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const line = this.#lines.get(host);
    if (line) this.#lines.set(host, { ...line, entry: { ...line.entry, tags } });
  }

  async page(): Promise<{ entries: readonly DirectoryEntry[] }> {
    const lines = [...this.#lines.values()].filter(({ expiresAtMs }) => expiresAtMs > this.#now());
    return {
      entries: lines.map(({ entry }) => ({ ...entry, configHash: this.#configHashes.get(entry.hostIdentifier) })),
    };
  }
}
