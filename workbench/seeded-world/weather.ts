import type { Clock, Random } from '../world/index.ts';

/** The fault of one port call. */
export type Fault =
  | { readonly kind: 'die-before' | 'die-after' | 'refuse' | 'lose-reply' }
  | {
      readonly kind: 'slow';
      readonly ms: number;
      /** Whether the call takes effect at its start. */
      readonly first: boolean;
    };

/** A period in which all calls to some ports are refused. */
interface Outage {
  readonly port: RegExp;
  readonly fromMs: number;
  readonly untilMs: number;
}

const SECOND_MS = 1000;

/** Beyond these numbers of lines to store or keys, the CPU time of a call grows in proportion. */
const LINES_A_CALL = 4;
const KEYS_A_CALL = 20;

/** How long agents accumulate answers when there is a backlog of queries and the sink is down. */
const SINK_OUTAGE_MS = 150 * SECOND_MS;

/** The kinds of faults; each has its own probability per call. */
const KINDS = ['die-before', 'die-after', 'refuse', 'lose-reply', 'slow'] as const;
type Rates = Readonly<Record<(typeof KINDS)[number], number>>;

/** The port faults of one world. They are drawn once from its seed and end with the storm. */
export class Weather {
  /** Number of times each fault occurred. */
  readonly struck: Record<string, number> = {};
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #rates: Rates;
  readonly #outages: readonly Outage[];
  /** CPU time of each call, in ms, while the CPU is busy; on a small host always. */
  readonly #busyMs: number;
  readonly #isSmall: boolean;
  readonly #calmFromMs: number;

  /**
   * @param backlog set if all functions always run on a small host: the time at which the backlog starts; an outage of
   *   the sink follows
   */
  constructor(clock: Clock, random: Random, stormMs: number, backlog: { readonly atMs: number } | undefined) {
    this.#clock = clock;
    this.#random = random.fork('faults');
    const plan = random.fork('weather');
    const fromMs = clock.now();
    this.#calmFromMs = fromMs + stormMs;
    const rate = () => (plan.chance(0.4) ? 0 : 10 ** plan.between(-3.5, -1.7));
    this.#rates = {
      'die-before': rate(),
      'die-after': rate(),
      refuse: rate(),
      'lose-reply': rate(),
      slow: rate(),
    };
    this.#isSmall = backlog !== undefined;
    if (backlog) this.#busyMs = plan.integer(60, 120);
    else this.#busyMs = plan.chance(0.15) ? Math.round(10 ** plan.between(1.3, 2.5)) : 0;
    const outage = (port: RegExp, longestMs: number): Outage => {
      const startMs = fromMs + plan.integer(0, stormMs);
      return { port, fromMs: startMs, untilMs: startMs + plan.integer(5 * SECOND_MS, longestMs) };
    };
    this.#outages = [
      ...(backlog ? [{ port: /^sink\./, fromMs: backlog.atMs, untilMs: backlog.atMs + SINK_OUTAGE_MS }] : []),
      ...(plan.chance(0.5) ? [outage(/^sink\./, 180 * SECOND_MS)] : []),
      ...(plan.chance(0.25) ? [outage(/^(hosts|ledger|storedAnswers)\./, 60 * SECOND_MS)] : []),
      ...(plan.chance(0.2) ? [outage(/^(lookup|inventory)\./, 120 * SECOND_MS)] : []),
    ];
  }

  /** Returns the fault and the cost of the next call. */
  next(call: string, items: number): { readonly fault?: Fault; readonly costMs: number } {
    const nowMs = this.#clock.now();
    const isCalm = nowMs >= this.#calmFromMs;
    const fault = isCalm ? undefined : this.#fault(call, nowMs);
    if (isCalm && !this.#isSmall) return { costMs: 0 };
    if (fault) this.struck[fault.kind] = (this.struck[fault.kind] ?? 0) + 1;
    return {
      fault,
      costMs: Math.round(this.#busyMs * Math.max(1, items / (call.startsWith('sink.') ? LINES_A_CALL : KEYS_A_CALL))),
    };
  }

  #fault(call: string, nowMs: number): Fault | undefined {
    if (this.#outages.some(({ port, fromMs, untilMs }) => port.test(call) && nowMs >= fromMs && nowMs < untilMs))
      return { kind: 'refuse' };
    let chance = this.#random.next();
    for (const kind of KINDS) {
      chance -= this.#rates[kind];
      if (chance >= 0) continue;
      if (kind !== 'slow') return { kind };
      return { kind, ms: Math.round(10 ** this.#random.between(1.5, 4.4)), first: this.#random.chance(0.5) };
    }
    return undefined;
  }
}
