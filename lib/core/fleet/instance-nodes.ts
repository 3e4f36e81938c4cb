import { decideHost, type NamedNode } from '../hosts/resolve-host.ts';
import { everyEntry, type NodeDirectory } from '../nodes/directory.ts';
import type { Alias, Aliases } from '../nodes/registry.ts';
import { each } from '../together.ts';
import type { EnrolledAs } from './judge-fleet.ts';

/** How long an alias, or its absence, is cached: aliases are learned once, at enrollment. */
const ALIAS_CACHED_MS = 3_600_000;
const ABSENCE_CACHED_MS = 3 * 60_000;

/**
 * Finds the nodes of instances. The directory is read as a whole; aliases of instances are cached, so that a sweep does not
 * read one item for each instance.
 */
export class InstanceNodes {
  readonly #directory: NodeDirectory;
  readonly #aliases: Aliases;
  readonly #now: () => number;
  readonly #names = new Map<string, { readonly alias?: Alias; readonly untilMs: number }>();

  constructor(directory: NodeDirectory, aliases: Aliases, now: () => number) {
    this.#directory = directory;
    this.#aliases = aliases;
    this.#now = now;
  }

  /**
   * The nodes of these instances, by instance id; those without one are left out.
   *
   * @param goOn throws if there is no time left; aliases read by then stay cached
   */
  async of(instanceIds: readonly string[], goOn: () => void): Promise<ReadonlyMap<string, EnrolledAs>> {
    const entries = await everyEntry(this.#directory);
    const seen = new Map(entries.map((entry) => [entry.hostIdentifier, entry]));
    const nowMs = this.#now();
    // A listed node is alive; its other fields are not needed here.
    const bearer = (host: string): NamedNode | undefined =>
      seen.has(host) ? { host, expiresAtMs: Number.POSITIVE_INFINITY } : undefined;
    const found = new Map<string, EnrolledAs>();
    await each(instanceIds, async (id) => {
      goOn();
      const alias = seen.has(id) ? undefined : await this.#aliasOf(id);
      const { host } = decideHost({ name: id, own: bearer(id), alias, aliased: alias && bearer(alias.host) }, nowMs);
      const entry = seen.get(host);
      if (entry) found.set(id, { host, lastSeenMs: entry.lastSeenMs, tags: entry.tags ?? {} });
    });
    this.#forget(new Set(instanceIds));
    return found;
  }

  async #aliasOf(instanceId: string): Promise<Alias | undefined> {
    const nowMs = this.#now();
    const known = this.#names.get(instanceId);
    if (known && known.untilMs > nowMs) return known.alias;
    const host = await this.#aliases.hostOf(instanceId);
    const alias: Alias | undefined = host === undefined ? undefined : { host, source: 'agent', sinceMs: 0 };
    this.#names.set(instanceId, { alias, untilMs: nowMs + (alias ? ALIAS_CACHED_MS : ABSENCE_CACHED_MS) });
    return alias;
  }

  #forget(wanted: ReadonlySet<string>): void {
    for (const id of this.#names.keys()) if (!wanted.has(id)) this.#names.delete(id);
  }
}
