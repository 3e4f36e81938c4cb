import type { Platform } from '../../core/policy/policy.ts';
import { PLATFORMS } from './specs.ts';

/** How people call the platforms. */
export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  linux: 'Linux',
  darwin: 'macOS',
  windows: 'Windows',
};

/**
 * The platforms on which osquery runs what has this `platform`: it looks for these words anywhere in the text.
 *
 * @see osquery, checkPlatform: distributions are no longer told apart
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
