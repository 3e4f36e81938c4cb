import type { Node } from './node.ts';

/** A node as selectors see it: what `hosts-where` and profiles match on. */
export interface NodeFacts {
  readonly hostIdentifier: string;
  readonly hostname: string;
  readonly platform: string;
  readonly osqueryVersion: string;
  readonly vendor: string;
  readonly secret: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly profile?: string;
  readonly lastSeenAtMs: number;
}

/** One line of the directory. */
export interface DirectoryEntry extends NodeFacts {
  /** `osquery_info.config_hash` as the node reported it last, and what it should be: they differ while it drifts. */
  readonly configHash?: string;
}

/** All enrolled nodes, in pages: written at enrollment and with `lastSeenMs`, so at most five minutes behind. */
export interface NodeDirectory {
  note(entry: DirectoryEntry, expiresAtMs: number): Promise<void>;
  /** Entries of one page and the cursor of the next; a directory of any size is read in bounded steps. */
  page(cursor?: string): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly next?: string }>;
}

export function factsOf(node: Node, profile?: string): NodeFacts {
  const { hostname, platform, osqueryVersion, vendor, secret } = node.identity;
  return {
    hostIdentifier: node.host,
    hostname,
    platform,
    osqueryVersion,
    vendor,
    secret: secret ?? 'default',
    tags: {},
    ...(profile ? { profile } : {}),
    lastSeenAtMs: node.lastSeenMs,
  };
}
