/** How often the watcher checks its worker. */
const WATCH_INTERVAL_MS = 3000;

/** A worker that ran for less than this died too early: the next start is delayed. */
const RESPAWN_LIMIT_SECONDS = 4;
const RESPAWN_DELAY_SECONDS = 5;
const LONGEST_DELAY_SECONDS = 600;
/** After this many early deaths the watcher gives up. */
const MAX_RESTARTS = 4;

/** From the watchdog's kill to the next worker's start. */
const AFTER_KILL_MS = 200;

/** Decides when a watcher replaces a dead worker. @see osquery, `osquery/core/watcher.cpp` */
export class Watcher {
  private startedAtMs: number | undefined;
  private tooSoon = 0;

  /** Records that a worker starts now. */
  started(nowMs: number): void {
    this.startedAtMs = nowMs;
  }

  /** The watcher's next check: every 3 s from the worker's start. */
  nextCheckMs(nowMs: number): number {
    const base = this.startedAtMs ?? nowMs;
    return base + WATCH_INTERVAL_MS * Math.max(1, Math.ceil((nowMs - base) / WATCH_INTERVAL_MS));
  }

  /**
   * The delay until another worker runs, in milliseconds; `undefined` if the watcher gives up.
   *
   * @param killed whether the watchdog itself ended the worker; it then restarts without waiting for the next check
   */
  respawnAfterMs(nowMs: number, killed: boolean): number | undefined {
    const noticedMs = killed ? nowMs + AFTER_KILL_MS : this.nextCheckMs(nowMs);
    if (this.tooSoon === MAX_RESTARTS) return undefined;
    const seconds = (ms: number) => Math.floor(ms / 1000);
    const isTooSoon = seconds(this.startedAtMs ?? 0) > seconds(noticedMs) - RESPAWN_LIMIT_SECONDS;
    if (!isTooSoon) return noticedMs - nowMs;
    this.tooSoon++;
    const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, RESPAWN_DELAY_SECONDS + 2 ** this.tooSoon);
    return noticedMs - nowMs + 1000 * delaySeconds;
  }
}
