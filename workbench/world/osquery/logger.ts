import { calendarTime } from '../host/tables/time.ts';
import type { Decorators } from './decorators.ts';
import type { LogBuffer } from './log-buffer.ts';
import { unixTime, type WorkerContext } from './worker-context.ts';

export const SEVERITY = { info: 0, warning: 1, error: 2 } as const;

interface StatusLine {
  readonly atMs: number;
  readonly severity: number;
  readonly filename: string;
  readonly line: number;
  readonly message: string;
}

/** Takes result and status lines. Statuses reach the buffer when the scheduler relays them, every 3 s. */
export class Logger {
  private waiting: StatusLine[] = [];

  constructor(
    private readonly worker: WorkerContext,
    private readonly buffer: LogBuffer,
    private readonly decorators: Decorators,
  ) {}

  results(lines: readonly string[]): void {
    for (const line of lines) this.buffer.add('result', line, unixTime(this.worker.clock));
  }

  /** @param source the file and line of osquery's source that logs this message, `file.cpp:line` */
  status(severity: number, source: `${string}.cpp:${number}`, message: string): void {
    const [filename = '', line] = source.split(':');
    this.waiting.push({ atMs: this.worker.clock.now(), severity, filename, line: Number(line), message });
  }

  relay(): void {
    const { flags, hostIdentifier, profile } = this.worker;
    const lines = this.waiting;
    if (lines.length === 0) return;
    this.waiting = [];
    if (flags.get('tls_disable_status_log')) return;
    const written = (value: number) => (profile.numericStatusLines ? value : String(value));
    const decorations = this.decorators.current();
    const decorated = Object.keys(decorations).length > 0;
    for (const { atMs, severity, filename, line, message } of lines) {
      if (severity < flags.get('logger_min_status')) continue;
      const unixSeconds = Math.floor(atMs / 1000);
      const status = {
        hostIdentifier,
        calendarTime: calendarTime(atMs),
        unixTime: written(unixSeconds),
        severity: written(severity),
        filename,
        line: written(line),
        message,
        version: profile.version,
        decorations: decorated && !flags.get('decorations_top_level') ? decorations : undefined,
        ...(decorated && flags.get('decorations_top_level') ? decorations : {}),
      };
      this.buffer.add('status', JSON.stringify(status), unixSeconds);
    }
  }
}
