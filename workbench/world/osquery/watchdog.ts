import type { Row } from '../host/sql-engine.ts';
import type { WorkerContext } from './worker-context.ts';

const MEBIBYTE = 1024 * 1024;
/** The memory limit of osquery's normal profile, for growth since the worker's start. */
const LIMIT_MEBIBYTES = 200;

/** The watchdog has asked the worker to stop. It kills the worker if it does not stop in time. */
export class WatchdogStop extends Error {
  override readonly name = 'WatchdogStop';
  constructor(readonly footprint: number) {
    super(`watchdog: memory limit exceeded, ${Math.round(footprint / MEBIBYTE)} MiB`);
  }
}

/** Watches the memory of one worker. It counts only the answers held for the server; all other memory is small. */
export class Watchdog {
  private readonly held = new Map<string, number>();
  private exceeded: (() => void) | undefined;

  /** @param nextCheckMs the watcher's next check */
  constructor(
    private readonly worker: WorkerContext,
    private readonly nextCheckMs: (nowMs: number) => number,
    private readonly startedAtMs: number,
  ) {}

  /** Sets the memory that `holder` uses from now on, in bytes. */
  holds(holder: string, bytes: number): void {
    this.held.set(holder, bytes);
    if (this.footprint > this.limit) this.exceeded?.();
  }

  /**
   * Runs until the worker ends.
   *
   * @throws {WatchdogStop} when a check finds too much memory in use
   */
  async run(): Promise<void> {
    const { clock, flags, signal } = this.worker;
    if (flags.get('disable_watchdog')) return;
    const watchesFromMs = this.startedAtMs + 1000 * flags.get('watchdog_delay');
    for (;;) {
      await new Promise<void>((resolve) => {
        this.exceeded = resolve;
        if (this.footprint > this.limit) resolve();
      });
      const checkMs = this.nextCheckMs(Math.max(clock.now(), watchesFromMs));
      await clock.sleep(checkMs - clock.now(), signal);
      if (this.footprint > this.limit) throw new WatchdogStop(this.footprint);
    }
  }

  private get footprint(): number {
    return [...this.held.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  private get limit(): number {
    return MEBIBYTE * (this.worker.flags.get('watchdog_memory_limit') || LIMIT_MEBIBYTES);
  }
}

/** A node of a std::map with two std::strings; bytes of a string beyond 15 are on the heap. */
const CELL_BYTES = 96;
const INLINE_BYTES = 15;
const HEAP_BYTES = 16;

/** The memory of rows in osquery, in bytes: each row is a map of strings. */
export function memoryOf(rows: readonly Row[]): number {
  let bytes = 0;
  for (const row of rows) {
    for (const name in row) bytes += CELL_BYTES + heapOf(name) + heapOf(row[name] ?? '');
  }
  return bytes;
}

const heapOf = ({ length }: string): number => (length > INLINE_BYTES ? length + HEAP_BYTES : 0);
