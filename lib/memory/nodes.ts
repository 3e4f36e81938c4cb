import type { DirectoryEntry, NodeDirectory } from '../core/nodes/directory.ts';
import type { Aliases } from '../core/nodes/registry.ts';

/** Other names of hosts. */
export class MemoryAliases implements Aliases {
  readonly #hosts = new Map<string, string>();

  async hostOf(alias: string): Promise<string | undefined> {
    return this.#hosts.get(alias);
  }

  async learn(alias: string, host: string): Promise<void> {
    this.#hosts.set(alias, host);
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
