import { scopeOf } from '../../lib/core/arn.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import { sweep } from '../../lib/core/reconcile/sweep.ts';
import { handleEvent } from '../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../lib/core/triggers/parse.ts';
import { type MemoryStores, memoryStores } from '../../lib/memory/composition.ts';
import { lookupIn } from '../simulated-day/composition.ts';
import { WorldInventory } from '../simulated-day/world-inventory.ts';
import {
  type EventBridgeEvent,
  Random,
  SimulatedCluster,
  type SimulatedHost,
  simulatedHosts,
  VirtualClock,
} from '../world/index.ts';
import { Agents } from './agents.ts';
import { checkFinalState } from './check.ts';
import { EventQueue } from './event-queue.ts';
import { Front } from './front.ts';
import { SimulatedLambda } from './lambda.ts';
import { WorldSink } from './sink.ts';
import { stormOf } from './storm.ts';
import { Tasks } from './tasks.ts';
import { MINUTE_MS, SECOND_MS } from './times.ts';
import { Trace } from './trace.ts';
import { Violations } from './violations.ts';
import { Weather } from './weather.ts';
import { Witness } from './witness.ts';
import { questionOf, worldPolicy } from './world-policy.ts';

const EPOCH_MS = Date.UTC(2026, 10, 20);
const EVENT_TIMEOUT_MS = 60 * SECOND_MS;
/** The time that a sweep may use of the reconciler's minute. */
const SWEEP_MS = 45 * SECOND_MS;
/** Everything kept during the storm is delivered within this time. After failures an agent's log waits up to 100 s. */
const HEALED_AFTER_MS = 5 * MINUTE_MS;
/** Time from the start of the last tasks to the end of the world. */
const CALM_MS = 4 * MINUTE_MS;

/** The results of one world. */
export interface WorldResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** How often each thing happened. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Runs one seeded world. The same seed gives the same world, call by call. */
export async function runWorld(
  seed: number,
  { trace = false }: { readonly trace?: boolean } = {},
): Promise<WorldResult> {
  return new World(seed, trace).run();
}

class World {
  readonly #seed: number;
  readonly #random: Random;
  readonly #clock = new VirtualClock(EPOCH_MS);
  readonly #trace: Trace;
  readonly #violations: Violations;
  readonly #stores: MemoryStores;
  readonly #sink = new WorldSink();
  readonly #weather: Weather;
  readonly #witness: Witness;
  readonly #queue: EventQueue;
  readonly #lambda: SimulatedLambda;
  readonly #agents: Agents;
  readonly #hosts: readonly SimulatedHost[];
  readonly #cluster: SimulatedCluster;
  readonly #stormMs: number;
  /** A backlog of questions for one host, in a world with a slow CPU. */
  readonly #backlog: { readonly atMs: number; readonly questions: number } | undefined;
  readonly #tasks: Tasks;
  readonly #seen = new Set<string>();

  constructor(seed: number, isTraced: boolean) {
    this.#seed = seed;
    const random = new Random(`world ${seed}`);
    this.#random = random;
    const clock = this.#clock;
    const plan = random.fork('plan');
    this.#stormMs = Math.round(plan.integer(2 * 60, 7 * 60) * SECOND_MS);
    const calmFromMs = this.#calmFromMs;
    const trace = new Trace(clock, isTraced);
    this.#trace = trace;
    this.#violations = new Violations(clock, trace);
    this.#stores = memoryStores(() => clock.now());
    const hasBacklog = plan.chance(0.06);
    this.#backlog = hasBacklog
      ? { atMs: EPOCH_MS + plan.integer(60 * SECOND_MS, 120 * SECOND_MS), questions: plan.integer(900, 1200) }
      : undefined;
    this.#weather = new Weather(clock, random, this.#stormMs, this.#backlog);
    this.#witness = new Witness({ ledger: this.#stores.ledger, sink: this.#sink, violate: this.#violations.add });
    this.#queue = new EventQueue({ clock, random, trace, calmFromMs, handle: (event) => this.#handle(event) });
    this.#hosts = simulatedHosts(plan.integer(1, 3), { clock, random });
    this.#cluster = new SimulatedCluster({
      hosts: this.#hosts,
      clock,
      random: random.fork('cluster'),
      emit: this.#queue.emit,
    });
    this.#tasks = new Tasks(this.#cluster, trace);
    void this.#stores.policies.push(worldPolicy(this.#backlog ? 300 : 3), 0);
    this.#lambda = new SimulatedLambda({
      clock,
      weather: this.#weather,
      trace,
      report: (event, fields) => this.#reported(event, fields),
      ports: (spend) => ({
        ...this.#stores,
        sink: this.#sink,
        lookup: lookupIn(this.#cluster),
        inventory: new WorldInventory(this.#cluster, spend),
      }),
    });
    const front = new Front({
      lambda: this.#lambda,
      witness: this.#witness,
      trace,
      isSilent: (member) => this.#agents.isSilent(member),
    });
    const transport = (member: string) => front.transport(member);
    this.#agents = new Agents({ clock, random, trace, witness: this.#witness, calmFromMs, transport });
  }

  get #calmFromMs(): number {
    return EPOCH_MS + this.#stormMs;
  }

  async run(): Promise<WorldResult> {
    const plan = this.#random.fork('course');
    const registered = this.#cluster.registerHosts();
    for (const host of this.#hosts) void this.#arrive(host, plan.integer(0, 30 * SECOND_MS), plan.chance(0.3));
    const sweeping = new AbortController();
    void this.#sweepUntil(sweeping.signal);
    await this.#storm(plan);
    await registered;
    this.#trace.say('world', () => 'the storm is over');
    this.#agents.heal();
    await this.#pass(HEALED_AFTER_MS);
    for (const host of this.#hosts) if (!host.down) this.#tasks.probe(host, plan);
    await this.#pass(CALM_MS);
    await this.#check();
    sweeping.abort();
    await this.#agents.stop();
    await this.#cluster.stop();
    return {
      seed: this.#seed,
      violations: this.#violations.listed,
      trace: this.#trace.lines,
      counts: this.#counts(this.#clock.now()),
    };
  }

  async #arrive(host: SimulatedHost, afterMs: number, byHostname: boolean): Promise<void> {
    await this.#clock.sleep(afterMs);
    if (!host.down) this.#agents.join(host, byHostname ? host.hostname : host.instanceId);
  }

  /** Starts and ends tasks while faults occur. */
  async #storm(plan: Random): Promise<void> {
    const moments = stormOf(plan, this.#stormMs, this.#hosts, {
      startTask: () => this.#tasks.start(plan),
      misfortune: () => void this.#agents.misfortune(),
      terminate: (host) => void this.#cluster.terminateHost(host),
    });
    const backlog = this.#backlog;
    if (backlog) moments.push({ atMs: backlog.atMs - EPOCH_MS, act: () => void this.#flood(backlog.questions, plan) });
    for (const { atMs, act } of moments.sort((a, b) => a.atMs - b.atMs)) {
      await this.#pass(EPOCH_MS + atMs - this.#clock.now());
      act();
    }
    await this.#pass(this.#calmFromMs - this.#clock.now());
  }

  /** Queues many queries at once for one agent. */
  async #flood(questions: number, plan: Random): Promise<void> {
    const [first, ...others] = this.#agents.members.filter(({ retired }) => !retired);
    if (!first) return;
    const { hostIdentifier } = plan.pick([first, ...others]).agent;
    this.#trace.say('world', () => `${questions} questions are pending for ${hostIdentifier}`);
    for (let n = 0; n < questions; n++)
      await this.#stores.hosts.enqueue(questionOf(n, hostIdentifier, this.#clock.now()));
  }

  /** Advances the clock by `ms`. Checks every verdict once a minute: a seen workload must stay seen. */
  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      await this.#clock.advance(Math.min(left, MINUTE_MS));
      for (const record of this.#stores.ledger.records) {
        const { verdict } = verdictOf(record, this.#clock.now());
        if (verdict === 'seen') this.#seen.add(record.workload);
        else if (this.#seen.has(record.workload))
          this.#violations.add(`${record.workload} was seen, but its verdict is now ${verdict}`);
      }
    }
  }

  async #sweepUntil(signal: AbortSignal): Promise<void> {
    const scope = scopeOf(this.#cluster.arn);
    while (!signal.aborted) {
      await this.#clock.sleep(MINUTE_MS);
      if (signal.aborted) return;
      await this.#lambda
        .invoke('reconciler', MINUTE_MS, ({ events }) => sweep(events, scope, this.#clock.now() + SWEEP_MS))
        .catch((error: unknown) => this.#trace.say('reconciler', () => String(error)));
    }
  }

  #handle(event: EventBridgeEvent): Promise<void> {
    return this.#lambda.invoke('event function', EVENT_TIMEOUT_MS, async ({ events }) => {
      const outcome = await handleEvent(parseEvent(JSON.parse(JSON.stringify(event))), events);
      this.#trace.say(
        'event function',
        () => `${event['detail-type']} ${JSON.stringify(event.detail).slice(0, 160)}: ${outcome}`,
      );
    });
  }

  /** Reports a violation if a request or a sweep failed for any reason other than a port fault. */
  #reported(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#trace.say('report', () => `${event} ${JSON.stringify(fields).slice(0, 400)}`);
    const error = String(fields.error ?? '');
    if (!event.endsWith('_failed') || /Refused|throttled|was lost|OutOfBudget/.test(error)) return;
    this.#violations.add(`${event}: ${error}`);
  }

  async #check(): Promise<void> {
    const violate = this.#violations.add;
    this.#witness.check();
    await checkFinalState({
      nowMs: this.#clock.now(),
      calmFromMs: this.#calmFromMs,
      stores: this.#stores,
      hosts: this.#hosts,
      members: this.#agents.members,
      tasks: this.#tasks.started,
      probes: this.#tasks.probes,
      violate,
    });
    if (this.#sink.quarantined.length > 0) violate(`${this.#sink.quarantined.length} bodies were quarantined`);
  }

  #counts(nowMs: number): Record<string, number> {
    const counts: Record<string, number> = {
      minutes: (nowMs - EPOCH_MS) / MINUTE_MS,
      agents: this.#agents.members.length,
      tasks: this.#tasks.started.length,
      stored: this.#sink.taken,
      ...this.#lambda.counts,
      ...this.#witness.counts,
    };
    const add = (name: string, by = 1) => {
      counts[name] = (counts[name] ?? 0) + by;
    };
    for (const [name, times] of Object.entries(this.#weather.struck)) add(`fault ${name}`, times);
    for (const [name, times] of Object.entries(this.#queue.counts)) add(`events ${name}`, times);
    for (const record of this.#stores.ledger.records) {
      const verdict = verdictOf(record, nowMs);
      add(`verdict ${verdict.verdict}${verdict.verdict === 'missed' ? ` ${verdict.reason}` : ''}`);
    }
    return counts;
  }
}
