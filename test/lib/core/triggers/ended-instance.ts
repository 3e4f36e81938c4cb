import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import type { World } from '../../../support/world.ts';

export const INSTANCE = 'i-0a1b2c3d4e5f60718';
export const ENDED = Date.parse('2026-11-20T10:42:10Z');

/** EC2's event about the end of the instance. */
export const end = (state = 'terminated'): AnyEvent => ({
  ...fixture(19, { state }),
  id: `end-${state}`,
  time: new Date(ENDED).toISOString(),
});

/** The instance ends, and EC2's event about it arrives. */
export async function endIn(world: World, state?: string): Promise<void> {
  world.nowMs = Math.max(world.nowMs, ENDED);
  await world.take(end(state));
}
