import * as z from 'zod';
import type { NodeMatch } from '../../core/policy/policy.ts';
import { Duration, seconds } from './duration.ts';

const glob = z.string('must be a text or a list of texts').min(1, 'must not be empty').max(255);
const Globs = z.union([glob, z.array(glob).min(1, 'must name at least one')], 'must be a text or a list of texts');

/** Conditions on a node, as written in a policy file. */
export const Match = z
  .strictObject({
    host_identifier: Globs.describe('The identifier that the agent enrolled with.').optional(),
    hostname: Globs.describe('The hostname of `system_info`.').optional(),
    platform: Globs.describe('The platform of `os_version`, such as `amzn` or `ubuntu`.').optional(),
    osquery_version: Globs.describe('The version of osquery, such as `5.23.*`.').optional(),
    vendor: Globs.describe('`system_info.hardware_vendor`, such as `Amazon EC2`.').optional(),
    secret: Globs.describe(
      'The name of the enroll secret that was presented: `default`, or one of the names in `enrollSecrets` of the construct.',
    ).optional(),
    tags: z
      .record(z.string().min(1), Globs)
      .describe('Tags of the EC2 instance, name → value; a change takes effect within a minute.')
      .optional(),
    profile: Globs.describe("The name of the node's profile; only in `hosts-where`.").optional(),
    seen_within: Duration.describe('Seen at most this long ago, such as `10m`; only in `hosts-where`.').optional(),
  })
  .refine((match) => Object.keys(match).length > 0, 'must name at least one condition')
  .describe('Conditions on a node, all of which must hold. Texts are globs (`*`, `?`), lists are alternatives.');

export type MatchText = z.infer<typeof Match>;

export function nodeMatch(match: MatchText): NodeMatch {
  const list = (globs: string | string[] | undefined) => (typeof globs === 'string' ? [globs] : globs);
  const { host_identifier, hostname, platform, osquery_version, vendor, secret, tags, profile, seen_within } = match;
  return {
    hostIdentifier: list(host_identifier),
    hostname: list(hostname),
    platform: list(platform),
    osqueryVersion: list(osquery_version),
    vendor: list(vendor),
    secret: list(secret),
    tags: tags && Object.fromEntries(Object.entries(tags).map(([name, globs]) => [name, list(globs) ?? []])),
    profile: list(profile),
    seenWithinSeconds: seen_within === undefined ? undefined : seconds(seen_within),
  };
}
