import { globMatcher } from '../../core/policy/glob.ts';
import type { Platform } from '../../core/policy/policy.ts';
import type { MatchText } from '../format/match.ts';
import { PLATFORMS } from '../osquery/specs.ts';

/** `os_version.platform` of common Linux distributions. */
const DISTRIBUTIONS = (
  'amzn ubuntu debian rhel centos fedora rocky almalinux ol sles suse opensuse opensuse-leap arch alpine bottlerocket ' +
  'flatcar coreos gentoo linuxmint kali photon azurelinux mariner cos raspbian'
).split(' ');

/**
 * The platforms of hosts that meet these conditions, judged by `platform`. Without a `platform` it is Linux, the default of
 * a policy.
 *
 * @example platformsOfMatch({ platform: ['darwin', 'ubuntu'] }) // ['linux', 'darwin']
 */
export function platformsOfMatch(match: MatchText | undefined): readonly Platform[] {
  const globs = [match?.platform ?? []].flat();
  if (globs.length === 0) return ['linux'];
  const meets = (name: string) => globs.some((glob) => globMatcher(glob)(name));
  const [isDarwin, isWindows] = [meets('darwin'), meets('windows')];
  // A glob that matches neither is a distribution of Linux.
  const isLinux = DISTRIBUTIONS.some(meets) || !(isDarwin || isWindows) || globs.some(isOther);
  const has: Readonly<Record<Platform, boolean>> = { linux: isLinux, darwin: isDarwin, windows: isWindows };
  return PLATFORMS.filter((platform) => has[platform]);
}

const isOther = (glob: string): boolean => !globMatcher(glob)('darwin') && !globMatcher(glob)('windows');

/** The platforms that are in both lists. */
export const among = (platforms: readonly Platform[], others: readonly Platform[]): readonly Platform[] =>
  platforms.filter((platform) => others.includes(platform));
