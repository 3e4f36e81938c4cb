import type { Platform } from '../../core/policy/policy.ts';
import { PLATFORMS } from './specs.ts';

/** The platforms' names in messages. */
export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  linux: 'Linux',
  darwin: 'macOS',
  windows: 'Windows',
};

/**
 * The platforms on which osquery runs a query or pack with this `platform`. osquery looks for these words anywhere in the
 * text.
 *
 * @example platformsSaid('posix') // ['linux', 'darwin']
 * @see osquery, checkPlatform: it no longer distinguishes distributions
 */
export function platformsSaid(platform: string | null | undefined): readonly Platform[] {
  if (!platform || platform === 'null' || /any|all/.test(platform)) return PLATFORMS;
  const words: Readonly<Record<Platform, RegExp>> = {
    linux: /linux|ubuntu|centos|posix/,
    darwin: /darwin|posix/,
    windows: /windows/,
  };
  return PLATFORMS.filter((one) => words[one].test(platform));
}
