import { createHash } from 'node:crypto';
import { matchNode, type NodeFacts } from './match-node.ts';
import type { Profile } from './policy.ts';

/** An agent configuration as it is sent, and the hash that an agent running it reports. */
export interface AgentConfig {
  readonly json: string;
  /** `osquery_info.config_hash` of a node that runs it; any other value is drift. */
  readonly configHash: string;
}

/**
 * The profile of a node: the first that matches. The default profile, which has no `match`, matches every node.
 *
 * @throws if none matches: `mayfly policy check` rejects a policy without a default profile
 */
export function profileFor(profiles: readonly Profile[], node: NodeFacts): Profile {
  const profile = profiles.find(({ match }) => match === undefined || matchNode(match, node));
  if (!profile) throw new Error('the policy has no default profile');
  return profile;
}

/** What the long-poll front may set as `distributed_interval`. */
export const LONG_POLL_SECONDS = [1, 0] as const;

const paced = new WeakMap<Profile, Map<number, Profile>>();

/** A profile with another polling interval; the same object each time. */
export function pollingEvery(seconds: number, profile: Profile): Profile {
  const known = paced.get(profile) ?? new Map<number, Profile>();
  paced.set(profile, known);
  const { options } = profile.config as { readonly options?: Readonly<Record<string, unknown>> };
  const made = known.get(seconds) ?? {
    ...profile,
    config: { ...profile.config, options: { ...options, distributed_interval: seconds } },
  };
  known.set(seconds, made);
  return made;
}

const built = new WeakMap<Profile, AgentConfig>();

/**
 * The configuration document of a profile, always the same bytes; built once for each profile of each policy version.
 *
 * @throws for a document that an agent would reject. The agent would keep its hash and ignore the document from then on
 *   (docs/spec/osquery-protocol.md §6.4); after a failed request it keeps its current configuration.
 */
export function agentConfig(profile: Profile): AgentConfig {
  const known = built.get(profile);
  if (known) return known;
  const json = documentOf(profile);
  const config = { json, configHash: configHash(json) };
  built.set(profile, config);
  return config;
}

/** `osquery_info.config_hash` of a document as osquery formats it: the SHA-1 of its SHA-1, both in hex. */
export const configHash = (json: string): string => sha1(sha1(json));

const MAX_BYTES = 1024 * 1024; // osquery's own limit

/** Compact JSON as osquery formats it. osquery hashes the document after reformatting, so this makes both hashes equal. */
function documentOf({ name, config }: Profile): string {
  if (Object.keys(config).length === 0) throw new Error(`the profile ${name} is empty`);
  const json = JSON.stringify(config).replace(/\\(?:u(....)|.)/g, (written, digits?: string) => {
    // JSON.stringify escapes lone surrogates, which osquery's parser rejects.
    if (digits?.startsWith('d')) throw new Error(`the profile ${name} contains a lone surrogate`);
    return digits ? `\\u${digits.toUpperCase()}` : written;
  });
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_BYTES) throw new Error(`the profile ${name} has ${bytes} bytes; at most ${MAX_BYTES} are allowed`);
  return json;
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
