import type { LifecycleAction, LifecycleHooks } from '../../lib/core/triggers/lifecycle-hook.ts';

/** The parts of Auto Scaling that Mayfly uses: the hooks' heartbeat timeouts and the completed lifecycle actions. */
export class FakeHooks implements LifecycleHooks {
  /** Heartbeat timeout in seconds; undefined if there is no such hook. */
  heartbeat: number | undefined = 120;
  /** Every completion, in order, with its time. */
  readonly completed: { readonly action: LifecycleAction; readonly atMs: number }[] = [];
  /** Errors of the heartbeat and completion calls. With `completeUntilMs`, completions fail only until that time. */
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
