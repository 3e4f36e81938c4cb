import type { LogLine, QuarantineLine, ResultLine, ResultSink } from '../../lib/core/results/lines.ts';

/** A sink in memory: what it holds is durable. */
export class FakeSink implements ResultSink {
  readonly stored: ResultLine[] = [];
  readonly logged: LogLine[] = [];
  readonly aside: QuarantineLine[] = [];
  /** Runs in place of a write: to fail it, to hold it, or to die around it. */
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
