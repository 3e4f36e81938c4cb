import type { NodeFacts } from '../policy/match-node.ts';
import { DEFAULT_SECRET } from './enroll-secrets.ts';
import type { Node } from './node.ts';

/** One line of the directory. */
export interface DirectoryEntry extends Omit<NodeFacts, 'seenSecondsAgo'> {
  readonly lastSeenMs: number; // at most 5 minutes behind
  /** `osquery_info.config_hash` as the node reported it last; what it should be follows from its profile. */
  readonly configHash?: string;
}

/** All enrolled nodes, in pages: written at enrollment and with `lastSeenMs`, so at most five minutes behind. */
export interface NodeDirectory {
  record(entry: DirectoryEntry, expiresAtMs: number): Promise<void>;
  /** Takes a node out that is gone for good; nothing where it is not in. */
  remove(host: string): Promise<void>;
  /** Notes which configuration a node says it runs: `osquery_info.config_hash`. */
  recordConfigHash(host: string, configHash: string): Promise<void>;
  /** Notes the tags of the instance that a node is; nothing where it is not in. */
  setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Entries of one page and the cursor of the next; a directory of any size is read in bounded steps. */
  page(cursor?: string): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly next?: string }>;
}

/** Every line of a directory, all its pages. */
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
  return seenFrom(entryOf(node), nowMs);
}

/** A node's line in the directory. */
export function entryOf(node: Node, profile?: string): DirectoryEntry {
  const { hostname, platform, osqueryVersion, vendor } = node.identity;
  return {
    hostIdentifier: node.host,
    hostname,
    platform,
    osqueryVersion,
    vendor,
    secret: node.secret ?? DEFAULT_SECRET,
    tags: node.tags ?? {},
    ...(profile ? { profile } : {}),
    lastSeenMs: node.lastSeenMs,
  };
}

/** An entry with its age, as selectors want it. */
export const seenFrom = (entry: DirectoryEntry, nowMs: number): NodeFacts => ({
  ...entry,
  seenSecondsAgo: Math.max(0, (nowMs - entry.lastSeenMs) / 1000),
});
