import type { LogLine, QuarantineLine, ResultLine, ResultSink } from '../../lib/core/results/lines.ts';

/** A sink that keeps the parts of stored data that the world checks. */
export class WorldSink implements ResultSink {
  /** Text of a row or log line → ids under which it was stored. */
  readonly rows = new Map<string, Set<string>>();
  readonly lines = new Map<string, Set<string>>();
  readonly quarantined: QuarantineLine[] = [];
  /** Number of lines stored, including duplicates. */
  taken = 0;

  async results(lines: readonly ResultLine[]): Promise<void> {
    this.taken += lines.length;
    for (const { id, columns } of lines) if (columns) note(this.rows, JSON.stringify(columns), id);
  }

  async logs(lines: readonly LogLine[]): Promise<void> {
    this.taken += lines.length;
    for (const { id, line } of lines) note(this.lines, JSON.stringify(line), id);
  }

  async quarantine(lines: readonly QuarantineLine[]): Promise<void> {
    this.quarantined.push(...lines);
  }
}

function note(ids: Map<string, Set<string>>, text: string, id: string): void {
  const known = ids.get(text);
  if (known) known.add(id);
  else ids.set(text, new Set([id]));
}
