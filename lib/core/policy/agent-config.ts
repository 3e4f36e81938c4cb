import { createHash } from 'node:crypto';
import { matchNode, type NodeFacts } from './match-node.ts';
import type { Profile } from './policy.ts';

/** A configuration as it is sent, and the hash under which an agent that runs it reports it. */
export interface AgentConfig {
  readonly json: string;
  /** What `osquery_info.config_hash` holds on a node in whose force it is: anything else there is drift. */
  readonly configHash: string;
}

/**
 * The profile of a node: the first that matches; the default, which has no `match`, takes everybody who comes to it.
 *
 * @throws when none does: `mayfly policy check` lets no policy without a default through
 */
export function profileFor(profiles: readonly Profile[], node: NodeFacts): Profile {
  const profile = profiles.find(({ match }) => match === undefined || matchNode(match, node));
  if (!profile) throw new Error('the policy has no default profile');
  return profile;
}

const made = new WeakMap<Profile, AgentConfig>();

/**
 * The document of a profile: the same bytes every time, made once for each profile of each version.
 *
 * @throws for a document that an agent would refuse. It would keep the hash and ignore the same document from then on
 *   (docs/spec/osquery-protocol.md §6.4), while a request that fails leaves it with what it has.
 */
export function agentConfig(profile: Profile): AgentConfig {
  const known = made.get(profile);
  if (known) return known;
  const json = documentOf(profile);
  const config = { json, configHash: configHash(json) };
  made.set(profile, config);
  return config;
}

/** `osquery_info.config_hash` for a document in osquery's own spelling: the SHA-1 of its SHA-1, both in hex. */
export const configHash = (json: string): string => sha1(sha1(json));

const MAX_BYTES = 1024 * 1024; // osquery's own limit

/** Compact JSON as osquery writes it: so the hash it takes of what it has re-written is the hash of what was sent. */
function documentOf({ name, config }: Profile): string {
  if (Object.keys(config).length === 0) throw new Error(`the profile ${name} is empty`);
  const json = JSON.stringify(config).replace(/\\(?:u(....)|.)/g, (written, digits?: string) => {
    // JSON.stringify escapes halves of characters, which osquery's parser refuses.
    if (digits?.startsWith('d')) throw new Error(`the profile ${name} holds half a character`);
    return digits ? `\\u${digits.toUpperCase()}` : written;
  });
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_BYTES) throw new Error(`the profile ${name} takes ${bytes} bytes, ${MAX_BYTES} are allowed`);
  return json;
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
