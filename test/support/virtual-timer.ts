import type { Timer } from '../../lib/core/front/hold.ts';
import { VirtualClock } from '../../workbench/world/index.ts';

/** A clock that only a test advances, and its timer. */
export function aVirtualTimer(startMs: number): { readonly clock: VirtualClock; readonly timer: Timer } {
  const clock = new VirtualClock(startMs);
  const timer: Timer = (ms, ring) => {
    const stop = new AbortController();
    clock.sleep(ms, stop.signal).then(ring, () => undefined); // the only rejection is the one below
    return () => stop.abort();
  };
  return { clock, timer };
}
