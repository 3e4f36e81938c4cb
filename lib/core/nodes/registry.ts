import type { Node } from './node.ts';

/** Who is enrolled, and by which other names a host is known. */
export interface NodeRegistry {
  find(host: string, consistent?: boolean): Promise<Node | undefined>;
  /** Writes an enrollment; false when the node it replaces is no longer the one that is there. */
  enroll(node: Node, replaces: Node | undefined): Promise<boolean>;
  /** Renews `lastSeenMs` and the record's life. */
  seen(host: string, nowMs: number): Promise<void>;
  /** Makes the host's agent poll fast until then; never shortens, and does nothing where no node is. */
  heat(host: string, untilMs: number): Promise<void>;
  /** Notes which EC2 instance a node is, where its host goes by another name. */
  isInstance(host: string, instanceId: string): Promise<void>;
  /**
   * Ends a node at once: its instance is gone for good, its key opens nothing, and whoever is claiming its queries or
   * enrolling it at this moment fails. Nothing where no node is; safe to repeat.
   */
  end(host: string, nowMs: number): Promise<void>;
}

/** Other names of a host: instance id, container-instance ARN. */
export interface Aliases {
  /** The host behind an alias, or undefined when nobody has told us. */
  hostOf(alias: string, consistent?: boolean): Promise<string | undefined>;
  /** Learns an alias. */
  learn(alias: string, host: string, nowMs: number): Promise<void>;
}
