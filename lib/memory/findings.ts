import { CLOSED_AFTER_MS, type Finding, type FindingKind, type Findings } from '../core/fleet/finding.ts';

/** What is wrong with hosts. */
export class MemoryFindings implements Findings {
  readonly #findings = new Map<string, Finding>();

  async note(kind: FindingKind, host: string, detail: string, nowMs: number): Promise<boolean> {
    const before = this.#findings.get(`${kind}#${host}`);
    const open = before !== undefined && isOpen(before, nowMs);
    const finding = { kind, host, detail, firstAtMs: open ? before.firstAtMs : nowMs, lastAtMs: nowMs };
    this.#findings.set(`${kind}#${host}`, finding);
    return !open;
  }

  async open(nowMs: number): Promise<readonly Finding[]> {
    const named = [...this.#findings].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.flatMap(([, finding]) => (isOpen(finding, nowMs) ? [finding] : []));
  }
}

const isOpen = ({ kind, lastAtMs }: Finding, nowMs: number): boolean => lastAtMs + CLOSED_AFTER_MS[kind] > nowMs;
