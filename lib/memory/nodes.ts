import type { DirectoryEntry, NodeDirectory } from '../core/nodes/directory.ts';
import type { Alias, Aliases, ToldBy } from '../core/nodes/registry.ts';

/** Other names of hosts. */
export class MemoryAliases implements Aliases {
  readonly #hosts = new Map<string, Alias>();

  async find(alias: string): Promise<Alias | undefined> {
    return this.#hosts.get(alias);
  }

  async hostOf(alias: string): Promise<string | undefined> {
    return this.#hosts.get(alias)?.host;
  }

  async learn(alias: string, host: string, nowMs = 0, toldBy: ToldBy = 'agent'): Promise<void> {
    this.#hosts.set(alias, { host, toldBy, sinceMs: nowMs });
  }

  async forget(alias: string, host: string): Promise<void> {
    if (this.#hosts.get(alias)?.host === host) this.#hosts.delete(alias);
  }
}

/** All nodes on one page: what fits into memory is small. */
export class MemoryDirectory implements NodeDirectory {
  readonly #entries = new Map<string, DirectoryEntry>();

  async note(entry: DirectoryEntry): Promise<void> {
    this.#entries.set(entry.hostIdentifier, { ...this.#entries.get(entry.hostIdentifier), ...entry });
  }

  async remove(host: string): Promise<void> {
    this.#entries.delete(host);
  }

  async runs(host: string, configHash: string): Promise<void> {
    const entry = this.#entries.get(host);
    if (entry) this.#entries.set(host, { ...entry, configHash });
  }

  async page(): Promise<{ entries: readonly DirectoryEntry[] }> {
    return { entries: [...this.#entries.values()] };
  }
}
