/** The watcher looks after its worker this often. */
const WATCH_INTERVAL_MS = 3000;

/** A worker started less than this ago died too soon: the next one waits. */
const RESPAWN_LIMIT_SECONDS = 4;
const RESPAWN_DELAY_SECONDS = 5;
const LONGEST_DELAY_SECONDS = 600;
/** So many workers that died too soon, and the watcher gives up. */
const MOST_RESTARTS = 4;

/** From the watchdog's kill to the next worker. */
const AFTER_KILL_MS = 200;

/** When a watcher replaces workers that died. @see osquery, `osquery/core/watcher.cpp` */
export class Watcher {
  private startedAtMs: number | undefined;
  private tooSoon = 0;

  /** A worker is started now. */
  started(nowMs: number): void {
    this.startedAtMs = nowMs;
  }

  /** The next instant at which the watcher looks: every 3 s from the start of the worker on. */
  nextCheckMs(nowMs: number): number {
    const base = this.startedAtMs ?? nowMs;
    return base + WATCH_INTERVAL_MS * Math.max(1, Math.ceil((nowMs - base) / WATCH_INTERVAL_MS));
  }

  /**
   * How long it takes until another worker runs, in milliseconds; `undefined` if the watcher gives up.
   *
   * @param killed whether the watchdog itself ended the worker: then nothing has to be noticed first
   */
  respawnAfterMs(nowMs: number, killed: boolean): number | undefined {
    const noticedMs = killed ? nowMs + AFTER_KILL_MS : this.nextCheckMs(nowMs);
    if (this.tooSoon === MOST_RESTARTS) return undefined;
    const seconds = (ms: number) => Math.floor(ms / 1000);
    const isTooSoon = seconds(this.startedAtMs ?? 0) > seconds(noticedMs) - RESPAWN_LIMIT_SECONDS;
    if (!isTooSoon) return noticedMs - nowMs;
    this.tooSoon++;
    const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, RESPAWN_DELAY_SECONDS + 2 ** this.tooSoon);
    return noticedMs - nowMs + 1000 * delaySeconds;
  }
}
