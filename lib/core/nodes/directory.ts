import type { NodeFacts } from '../policy/match-node.ts';
import { DEFAULT_SECRET } from './enroll-secrets.ts';
import type { Node } from './node.ts';

/** One node in the directory. */
export interface DirectoryEntry extends Omit<NodeFacts, 'seenSecondsAgo'> {
  readonly lastSeenMs: number; // at most 5 minutes behind
  /** `osquery_info.config_hash` as last reported; the expected hash follows from the node's profile. */
  readonly configHash?: string;
}

/** All enrolled nodes, in pages. Written at enrollment and with `lastSeenMs`, so at most five minutes behind. */
export interface NodeDirectory {
  record(entry: DirectoryEntry, expiresAtMs: number): Promise<void>;
  /** Removes a node; does nothing if it has no entry. */
  remove(host: string): Promise<void>;
  /** Records the configuration that a node reports: `osquery_info.config_hash`. */
  recordConfigHash(host: string, configHash: string): Promise<void>;
  /** Records the tags of a node's instance; does nothing if the node has no entry. */
  setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** One page of entries and the cursor of the next; each read is bounded, whatever the size of the directory. */
  page(cursor?: string): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly next?: string }>;
}

/** Reads all pages of a directory. */
export async function everyEntry(directory: NodeDirectory): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await directory.page(cursor);
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  return entries;
}

/** A node as selectors and profiles see it. */
export function factsOf(node: Node, nowMs: number): NodeFacts {
  return seenFrom(describe(node), nowMs);
}

/**
 * A node's entry in the directory.
 *
 * @example { hostIdentifier: 'web-7', hostname: 'web-7', platform: 'ubuntu', secret: 'default', tags: {}, profile: 'linux', … }
 */
export const directoryEntryOf = (node: Node, profile?: string): DirectoryEntry => ({ ...describe(node), profile });

function describe(node: Node): Omit<DirectoryEntry, 'profile'> {
  const { hostname, platform, osqueryVersion, vendor } = node.identity;
  return {
    hostIdentifier: node.host,
    hostname,
    platform,
    osqueryVersion,
    vendor,
    secret: node.secret ?? DEFAULT_SECRET,
    tags: node.tags ?? {},
    lastSeenMs: node.lastSeenMs,
  };
}

/** An entry with its age in seconds, as selectors see it. */
export const seenFrom = (entry: DirectoryEntry, nowMs: number): NodeFacts => ({
  ...entry,
  seenSecondsAgo: Math.max(0, (nowMs - entry.lastSeenMs) / 1000),
});
