import type { DiffView, VersionHead, VersionView } from '../../console/api.ts';
import type { PolicyStore, PolicyVersion } from '../../core/policy/policy.ts';
import { diffPolicies } from '../../policy-compiler/diff.ts';
import { diffText } from '../../policy-compiler/diff-text.ts';

const MOST_VERSIONS = 200;

/** The versions of the policy, newest first. */
export async function versionsView(store: PolicyStore): Promise<VersionHead[]> {
  const [live, heads] = await Promise.all([store.liveNumber(), store.history(MOST_VERSIONS)]);
  return heads.map((head) => headView(head, live));
}

const headView = (
  { version, digest, pushedAtMs, pushedBy, message }: Omit<PolicyVersion, 'policy' | 'sources'>,
  live: number,
): VersionHead => ({ version, digest, pushedAtMs, pushedBy, message, isLive: version === live });

/** One version with its rules and files; undefined if there is none of this number. */
export async function versionView(store: PolicyStore, number: number): Promise<VersionView | undefined> {
  const [live, version] = await Promise.all([store.liveNumber(), store.version(number)]);
  if (!version) return undefined;
  const { policy, sources } = version;
  return {
    ...headView(version, live),
    rules: policy.rules.map(({ name, answers, queries, postMortem }) => ({
      name,
      answers,
      queries: [
        ...queries.map(({ name, sql }) => ({ name, sql, set: 'live' as const })),
        ...postMortem.map(({ name, sql }) => ({ name, sql, set: 'post-mortem' as const })),
      ],
    })),
    profiles: policy.profiles.map(({ name }) => name),
    sources,
  };
}

/** What changes from one version to another; from 0, an empty policy, everything is added. */
export async function diffView(store: PolicyStore, from: number, to: number): Promise<DiffView | undefined> {
  const [before, after] = await Promise.all([from === 0 ? undefined : store.version(from), store.version(to)]);
  if (!after || (from !== 0 && !before)) return undefined;
  return { from, to, text: diffText(diffPolicies(before?.policy, after.policy)) };
}
