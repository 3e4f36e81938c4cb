import type { Client } from './client.ts';
import type { LogBuffer, LogType } from './log-buffer.ts';
import { type Logger, SEVERITY } from './logger.ts';
import type { WorkerContext } from './worker-context.ts';

/** The backoff of one log type after failures. */
interface Backoff {
  failures: number;
  /** Remaining seconds. */
  wait: number;
}

/**
 * Delivers buffered lines. Results and statuses have separate batches, one of each per period, and separate backoffs.
 */
export class LogForwarder {
  private readonly backoffs: Record<LogType, Backoff> = {
    result: { failures: 0, wait: 0 },
    status: { failures: 0, wait: 0 },
  };

  constructor(
    private readonly worker: WorkerContext,
    private readonly client: Client,
    private readonly buffer: LogBuffer,
    private readonly logger: Logger,
  ) {}

  /** Runs until the worker ends. */
  async run(): Promise<void> {
    const { clock, flags, signal } = this.worker;
    for (;;) {
      await this.check();
      do {
        await clock.sleep(flags.get('logger_tls_period') * 1000, signal);
        this.tick();
      } while (this.backoffs.result.wait > 0 && this.backoffs.status.wait > 0);
    }
  }

  private async check(): Promise<void> {
    const { flags } = this.worker;
    const due = { result: this.backoffs.result.wait <= 0, status: this.backoffs.status.wait <= 0 };
    const keys = this.buffer.first(flags.get('logger_tls_max_lines'));
    for (const type of ['result', 'status'] as const) {
      if (due[type] && keys[type].length > 0) await this.send(type, keys[type]);
    }
    this.buffer.purge(flags.get('buffered_log_max'));
  }

  private async send(logType: LogType, keys: readonly string[]): Promise<void> {
    const { flags, notify } = this.worker;
    const limit = flags.get('logger_tls_max_linesize');
    const lines = keys.map((key) => this.buffer.line(key)).filter((line) => this.fits(line, limit));
    const reply = await this.client.goN(
      {
        endpoint: 'log',
        members: `"log_type":"${logType}","data":[${lines.join(',')}]`,
        keyFirst: true,
        gzip: flags.get('logger_tls_compress'),
      },
      1,
    );
    if ('failure' in reply) {
      this.fail(this.backoffs[logType]);
      notify({ kind: 'log-kept', logType, lines: keys.length, reason: reply.failure });
      return;
    }
    this.buffer.delete(keys); // oversized lines too, because they can never be sent
    this.backoffs[logType] = { failures: 0, wait: 0 };
    notify({ kind: 'log-sent', logType, lines: lines.length });
  }

  /** Leaves out a line that is too long. Each attempt logs a warning that does not name the line's query. */
  private fits(line: string, limit: number): boolean {
    const bytes = Buffer.byteLength(line);
    if (bytes <= limit) return true;
    this.logger.status(SEVERITY.warning, 'tls_logger.cpp:141', `Linesize exceeds TLS logger maximum: ${bytes}`);
    return false;
  }

  private fail(backoff: Backoff): void {
    const { flags, profile } = this.worker;
    const limit = flags.get('logger_tls_backoff_max');
    if (!profile.logBackoff || limit <= 0) return;
    backoff.failures++;
    backoff.wait = flags.get('logger_tls_period') * backoff.failures ** 2;
    if (backoff.wait > limit) {
      backoff.wait = limit;
      backoff.failures--;
    }
  }

  /** Counts down one period. */
  private tick(): void {
    const { flags } = this.worker;
    const period = flags.get('logger_tls_period');
    const off = flags.get('logger_tls_backoff_max') <= period;
    for (const type of ['result', 'status'] as const) {
      const backoff = this.backoffs[type];
      if (off) this.backoffs[type] = { failures: 0, wait: 0 };
      else if (backoff.wait > 0) backoff.wait -= period;
    }
  }
}
