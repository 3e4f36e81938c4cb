import { type AttestMode, isAdmitted } from '../attest/mode.ts';
import { accepts, type Node } from '../nodes/node.ts';
import { type NodeClaim, readNodeKey } from '../nodes/node-key.ts';
import type { RotatingSecret } from '../nodes/rotating-secret.ts';
import type { HostPartition, HostQueue } from '../queue/host-queue.ts';
import type { TlsApiDeps } from './deps.ts';

/** What reading a host's partition needs. */
export interface AccessDeps {
  readonly nodeKeySecret: RotatingSecret;
  readonly queue: Pick<HostQueue, 'read'>;
  /** @default - attestation is off */
  readonly attestation?: { readonly mode: AttestMode };
  readonly now: () => number; // epoch ms
}

type NodeDeps = Omit<AccessDeps, 'queue'> & Pick<TlsApiDeps, 'registry'>;

/** A node key with a valid signature, and the claim in it. */
export interface Bearer {
  readonly key: string;
  readonly claim: NodeClaim;
}

/** The first of these keys with a valid signature; undefined if there is none. */
export async function bearerOf(
  keys: readonly string[],
  deps: Pick<AccessDeps, 'nodeKeySecret'>,
): Promise<Bearer | undefined> {
  for (const key of keys) {
    const claim = await claimOf(key, deps);
    if (claim) return { key, claim };
  }
  return undefined;
}

/** Checks a key's signature. Reads the signing secret again only if the signature fails, as the secret may have been rotated. */
async function claimOf(
  key: string,
  { nodeKeySecret }: Pick<AccessDeps, 'nodeKeySecret'>,
): Promise<NodeClaim | undefined> {
  if (!key.startsWith('mf1.')) return undefined;
  return readNodeKey(key, await nodeKeySecret.values()) ?? readNodeKey(key, await nodeKeySecret.refreshed());
}

/**
 * The node of a claim; undefined if the key is no longer valid. An eventually consistent read may miss a recent enrollment,
 * and the agent discards its key on "invalid", so only a consistent read can reject it.
 */
export async function nodeOf({ host, epoch }: NodeClaim, deps: NodeDeps): Promise<Node | undefined> {
  const node = await deps.registry.find(host);
  if (isOpen(node, epoch, deps)) return node;
  const sure = await deps.registry.find(host, true);
  return isOpen(sure, epoch, deps) ? sure : undefined;
}

/** A host's partition with a valid node. */
export interface NodePartition extends HostPartition {
  readonly node: Node;
}

/**
 * The partition of a claim's host; undefined if the key is no longer valid, read as in `nodeOf`.
 *
 * @param isSure whether to read consistently at once
 */
export async function partitionOf(
  { host, epoch }: NodeClaim,
  deps: AccessDeps,
  isSure = false,
): Promise<NodePartition | undefined> {
  for (const isConsistent of isSure ? [true] : [false, true]) {
    const partition = await deps.queue.read(host, isConsistent);
    const { node } = partition;
    if (isOpen(node, epoch, deps)) return { ...partition, node };
  }
  return undefined;
}

/** Whether a key of this epoch opens the node now, and attestation lets the node keep its name. */
function isOpen(
  node: Node | undefined,
  epoch: number,
  { attestation, now }: Pick<AccessDeps, 'attestation' | 'now'>,
): node is Node {
  return accepts(node, epoch, now()) && node !== undefined && isAdmitted(node, attestation?.mode ?? 'off');
}
