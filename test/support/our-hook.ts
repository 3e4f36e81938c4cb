import { type AnyEvent, fixture } from './fixtures.ts';

/** The terminate hook of fixture 24, as one of Mayfly's hooks; `detail` replaces fields of its detail. */
export const ourHook = (detail: Record<string, unknown> = {}): AnyEvent =>
  fixture(24, { LifecycleHookName: 'mayfly-last-gasp', ...detail });
