import type { LogLine, QuarantineLine, ResultLine, ResultSink } from '../../lib/core/results/lines.ts';

/** An in-memory sink. What it contains counts as durable. */
export class FakeSink implements ResultSink {
  readonly stored: ResultLine[] = [];
  readonly logged: LogLine[] = [];
  readonly aside: QuarantineLine[] = [];
  /** Wraps each write: a test can make it fail, delay it, or kill the process before or after it. */
  around: (write: () => Promise<void>) => Promise<void> = (write) => write();

  results(lines: readonly ResultLine[]): Promise<void> {
    return this.around(async () => void this.stored.push(...lines));
  }

  logs(lines: readonly LogLine[]): Promise<void> {
    return this.around(async () => void this.logged.push(...lines));
  }

  quarantine(lines: readonly QuarantineLine[]): Promise<void> {
    return this.around(async () => void this.aside.push(...lines));
  }
}
