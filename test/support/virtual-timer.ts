import type { Timer } from '../../lib/core/front/hold.ts';
import { VirtualClock } from '../../workbench/world/index.ts';

/** A clock that only a test advances, and its timer. */
export function aVirtualTimer(startMs: number): { readonly clock: VirtualClock; readonly timer: Timer } {
  const clock = new VirtualClock(startMs);
  return { clock, timer: (ms, ring) => clock.after(ms, ring) };
}
