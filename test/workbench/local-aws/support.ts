import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../workbench/local-aws/machine/clock.ts';
import type { LocalNotice } from '../../../workbench/local-aws/machine/notice.ts';
import { aFolder } from '../../support/folder.ts';

/** A function's code as an asset folder. */
export function aBundle(code: string, files: Record<string, string> = {}): string {
  const folder = path.join(aFolder(), 'bundle');
  mkdirSync(folder);
  for (const [name, content] of Object.entries({ 'index.js': code, ...files }))
    writeFileSync(path.join(folder, name), content);
  return folder;
}

/** Collects the notices of the runner. */
export function notices(): { seen: LocalNotice[]; notify: (notice: LocalNotice) => void } {
  const seen: LocalNotice[] = [];
  return { seen, notify: (notice) => void seen.push(notice) };
}

/** Polls until `look` finds something; the bound of a test is the only limit. */
export async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await pause(2);
  }
}

/** A clock that the test advances. */
export class VirtualClock implements Clock {
  private sleepers: { atMs: number; wake: () => void }[] = [];
  constructor(private nowMs = Date.parse('2026-11-22T12:00:00Z')) {}

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      this.sleepers.push({ atMs: this.nowMs + ms, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  advance(ms: number): void {
    this.nowMs += ms;
    const due = this.sleepers.filter(({ atMs }) => atMs <= this.nowMs);
    this.sleepers = this.sleepers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { wake } of due) wake();
  }
}
