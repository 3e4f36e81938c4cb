import type { LifecycleAction, LifecycleHooks } from '../../lib/core/triggers/lifecycle-hook.ts';

/** Auto Scaling as far as Mayfly asks it: how long hooks wait, and which actions are over. */
export class FakeHooks implements LifecycleHooks {
  /** Seconds; undefined: there is no such hook. */
  heartbeat: number | undefined = 120;
  /** Every completion, in order, with the time at which it came. */
  readonly completed: { readonly action: LifecycleAction; readonly atMs: number }[] = [];
  /** What asking for the heartbeat, or completing, fails with; the latter until a time, if one is given. */
  readonly failures: { heartbeat?: Error; complete?: Error; completeUntilMs?: number } = {};
  readonly #now: () => number;
  readonly #over = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async heartbeatSeconds(): Promise<number | undefined> {
    if (this.failures.heartbeat) throw this.failures.heartbeat;
    return this.heartbeat;
  }

  async complete(action: LifecycleAction): Promise<'completed' | 'over'> {
    const { complete, completeUntilMs = Number.POSITIVE_INFINITY } = this.failures;
    if (complete && this.#now() < completeUntilMs) throw complete;
    this.completed.push({ action, atMs: this.#now() });
    const key = JSON.stringify(action);
    if (this.#over.has(key)) return 'over';
    this.#over.add(key);
    return 'completed';
  }
}
