import { scopeOf } from '../../lib/core/arn.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import type { Verdict, WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import { lives } from '../../lib/core/nodes/node.ts';
import { RequestBody } from '../../lib/core/osquery/request-body.ts';
import { sweep } from '../../lib/core/reconcile/sweep.ts';
import { handleEvent } from '../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../lib/core/triggers/parse.ts';
import { type MemoryStores, memoryStores } from '../../lib/memory/mayfly.ts';
import { lookupIn } from '../simulated-day/composition.ts';
import { WorldInventory } from '../simulated-day/world-inventory.ts';
import {
  Random,
  SimulatedCluster,
  SimulatedHost,
  type TaskHandle,
  type Transport,
  VirtualClock,
  type WireRequest,
  type WireResponse,
} from '../world/index.ts';
import { Crew, type Member } from './crew.ts';
import { EventQueue } from './event-queue.ts';
import { Died } from './invocation.ts';
import { SimulatedLambda } from './lambda.ts';
import { WorldSink } from './sink.ts';
import { Trace } from './trace.ts';
import { Weather } from './weather.ts';
import { Witness } from './witness.ts';
import { FRONT_LIMIT_BYTES, HEAVY, questionOf, worldPolicy } from './world-policy.ts';

const EPOCH_MS = Date.UTC(2026, 10, 20);
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const API_TIMEOUT_MS = 15 * SECOND_MS;
const EVENT_TIMEOUT_MS = 60 * SECOND_MS;
/** A sweep may take so long, of the function's minute. */
const SWEEP_MS = 45 * SECOND_MS;

/** Within this after the storm everything that was kept is delivered: an agent's log waits up to 100 s after failures. */
const HEALED_AFTER_MS = 5 * MINUTE_MS;
/** Tasks of the calm live so long: two leases and more. */
const PROBE_LIFETIME_MS = 100 * SECOND_MS;
/** From the start of the last tasks to the end of the world. */
const CALM_MS = 4 * MINUTE_MS;
/** What waits in the calm waits no longer than this. */
const DRAINED_WITHIN_MS = 90 * SECOND_MS;
/** A node that was seen later than this polls: its record is up to five minutes behind. */
const SILENT_MS = 6 * MINUTE_MS;
/** Enrollments an agent may need once the storm is over. */
const MOST_ENROLLMENTS = 3;

/** What became of one world. */
export interface WorldResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** How much happened, and how often. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Lets one seeded world happen. The same seed gives the same world, call by call. */
export async function runWorld(
  seed: number,
  { trace = false }: { readonly trace?: boolean } = {},
): Promise<WorldResult> {
  const world = new World(seed, trace);
  return world.run();
}

class World {
  readonly #seed: number;
  readonly #random: Random;
  readonly #clock = new VirtualClock(EPOCH_MS);
  readonly #trace: Trace;
  readonly #violations: string[] = [];
  readonly #stores: MemoryStores;
  readonly #sink = new WorldSink();
  readonly #weather: Weather;
  readonly #witness: Witness;
  readonly #queue: EventQueue;
  readonly #lambda: SimulatedLambda;
  readonly #crew: Crew;
  readonly #hosts: readonly SimulatedHost[];
  readonly #cluster: SimulatedCluster;
  readonly #stormMs: number;
  /** A backlog of questions for one host, on a machine that is small and stays so. */
  readonly #deluge: { readonly atMs: number; readonly questions: number } | undefined;
  readonly #tasks: TaskHandle[] = [];
  readonly #probes: TaskHandle[] = [];
  readonly #seen = new Set<string>();

  constructor(seed: number, isTraced: boolean) {
    this.#seed = seed;
    const random = new Random(`world ${seed}`);
    this.#random = random;
    const clock = this.#clock;
    const now = () => clock.now();
    const plan = random.fork('plan');
    this.#stormMs = Math.round(plan.integer(2 * 60, 7 * 60) * SECOND_MS);
    const calmFromMs = EPOCH_MS + this.#stormMs;
    this.#trace = new Trace(clock, isTraced);
    const trace = this.#trace;
    this.#stores = memoryStores(now);
    const isDeluge = plan.chance(0.06);
    this.#deluge = isDeluge
      ? { atMs: EPOCH_MS + plan.integer(60 * SECOND_MS, 120 * SECOND_MS), questions: plan.integer(900, 1200) }
      : undefined;
    this.#weather = new Weather(clock, random, this.#stormMs, this.#deluge);
    const { ledger } = this.#stores;
    this.#witness = new Witness({ ledger, sink: this.#sink, violate: (what) => this.#violate(what) });
    this.#queue = new EventQueue({
      clock,
      random,
      trace,
      calmFromMs,
      handle: (event) =>
        this.#lambda.invoke('event function', EVENT_TIMEOUT_MS, async ({ events }) => {
          const outcome = await handleEvent(parseEvent(JSON.parse(JSON.stringify(event))), events);
          trace.say(
            'event function',
            () => `${event['detail-type']} ${JSON.stringify(event.detail).slice(0, 160)}: ${outcome}`,
          );
        }),
    });
    this.#hosts = Array.from(
      { length: plan.integer(1, 3) },
      (_, index) => new SimulatedHost({ clock, random: random.fork(`host ${index}`) }),
    );
    this.#cluster = new SimulatedCluster({
      hosts: this.#hosts,
      clock,
      random: random.fork('cluster'),
      emit: this.#queue.emit,
    });
    void this.#stores.policies.push(worldPolicy(this.#deluge ? 300 : 3), 0);
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
    const transport = (name: string) => this.#front(name);
    this.#crew = new Crew({ clock, random, trace, witness: this.#witness, calmFromMs, transport });
  }

  async run(): Promise<WorldResult> {
    const clock = this.#clock;
    const plan = this.#random.fork('course');
    const registered = this.#cluster.registerHosts();
    for (const host of this.#hosts) void this.#arrive(host, plan.integer(0, 30 * SECOND_MS), plan.chance(0.3));
    const sweeping = new AbortController();
    void this.#sweepUntil(sweeping.signal);
    await this.#storm(plan);
    await registered;
    this.#trace.say('world', () => 'the storm is over');
    this.#crew.heal();
    await this.#pass(HEALED_AFTER_MS);
    for (const host of this.#hosts) if (!host.down) this.#probe(host, plan);
    await this.#pass(CALM_MS);
    await this.#check();
    sweeping.abort();
    await this.#crew.stop();
    await this.#cluster.stop();
    return {
      seed: this.#seed,
      violations: this.#violations,
      trace: this.#trace.lines,
      counts: this.#counts(clock.now()),
    };
  }

  /** Tasks come and go while things go wrong. */
  async #storm(plan: Random): Promise<void> {
    const tasks = plan.integer(2, 12);
    const misfortunes = plan.chance(0.3) ? 0 : plan.integer(1, 5);
    const burst = plan.chance(0.2) ? plan.integer(10, 25) : 0;
    const moments = [
      ...Array.from({ length: tasks }, () => ({
        atMs: plan.integer(10 * SECOND_MS, this.#stormMs),
        act: () => this.#start(plan),
      })),
      ...Array.from({ length: misfortunes }, () => ({
        atMs: plan.integer(30 * SECOND_MS, this.#stormMs),
        act: () => void this.#crew.misfortune(),
      })),
    ];
    const burstAtMs = plan.integer(20 * SECOND_MS, this.#stormMs);
    for (let n = 0; n < burst; n++) moments.push({ atMs: burstAtMs + 10 * n, act: () => this.#start(plan) });
    if (plan.chance(0.15)) {
      const host = plan.pick(this.#hosts as [SimulatedHost, ...SimulatedHost[]]);
      moments.push({
        atMs: plan.integer(0.3 * this.#stormMs, this.#stormMs),
        act: () => void this.#cluster.terminateHost(host),
      });
    }
    const deluge = this.#deluge;
    if (deluge) moments.push({ atMs: deluge.atMs - EPOCH_MS, act: () => void this.#flood(deluge.questions, plan) });
    for (const { atMs, act } of moments.sort((a, b) => a.atMs - b.atMs)) {
      await this.#pass(EPOCH_MS + atMs - this.#clock.now());
      act();
    }
    await this.#pass(EPOCH_MS + this.#stormMs - this.#clock.now());
  }

  /** Many questions wait at once for one agent. */
  async #flood(questions: number, plan: Random): Promise<void> {
    const [first, ...others] = this.#crew.members.filter(({ retired }) => !retired);
    if (!first) return;
    const { hostIdentifier } = plan.pick([first, ...others]).agent;
    this.#trace.say('world', () => `${questions} questions wait for ${hostIdentifier}`);
    for (let n = 0; n < questions; n++)
      await this.#stores.hosts.enqueue(questionOf(n, hostIdentifier, this.#clock.now()));
  }

  async #arrive(host: SimulatedHost, afterMs: number, byHostname: boolean): Promise<void> {
    await this.#clock.sleep(afterMs);
    if (!host.down) this.#crew.join(host, byHostname ? host.hostname : host.instanceId);
  }

  #start(plan: Random): void {
    const lifetimeMs = Math.round(10 ** plan.between(3.3, 5.5));
    const family = plan.chance(0.12) ? HEAVY : plan.pick(['api', 'batch', 'cron']);
    const sidecar = plan.chance(0.25)
      ? [{ name: 'sidecar', image: 'sidecar:1', lifetimeMs: null, essential: false }]
      : [];
    this.#run(this.#tasks, { family, containers: [{ name: family, image: `${family}:1`, lifetimeMs }, ...sidecar] });
  }

  /** A task of the calm: nothing excuses that it is not seen. */
  #probe(host: SimulatedHost, plan: Random): void {
    const family = plan.chance(0.3) ? HEAVY : 'probe';
    const containers = [{ name: family, image: `${family}:1`, lifetimeMs: PROBE_LIFETIME_MS }] as const;
    this.#run(this.#probes, { family, containers, host });
  }

  #run(into: TaskHandle[], task: Parameters<SimulatedCluster['runTask']>[0]): void {
    try {
      const handle = this.#cluster.runTask(task);
      into.push(handle);
      this.#trace.say('cluster', () => `starts ${handle.arn} on ${handle.host.instanceId}`);
    } catch (error) {
      if (!String(error).includes('RESOURCE')) throw error; // no host is registered yet, or none is left
    }
  }

  /** Lets time pass, and looks at every verdict once a minute. */
  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      await this.#clock.advance(Math.min(left, MINUTE_MS));
      for (const record of this.#stores.ledger.records) {
        const { verdict } = verdictOf(record, this.#clock.now());
        if (verdict === 'seen') this.#seen.add(record.workload);
        else if (this.#seen.has(record.workload)) this.#violate(`${record.workload} was seen and is ${verdict} now`);
      }
    }
  }

  async #sweepUntil(signal: AbortSignal): Promise<void> {
    const place = scopeOf(this.#cluster.arn);
    while (!signal.aborted) {
      await this.#clock.sleep(MINUTE_MS);
      if (signal.aborted) return;
      await this.#lambda
        .invoke('reconciler', MINUTE_MS, ({ events }) => sweep(events, place, this.#clock.now() + SWEEP_MS))
        .catch((error: unknown) => this.#trace.say('reconciler', () => String(error)));
    }
  }

  /** The API's front: it refuses what is too large by itself, and says so in a way that agents take for acceptance. */
  #front(name: string): Transport {
    return {
      exchange: async (request: WireRequest): Promise<WireResponse> => {
        if (this.#crew.isSilent(name)) throw new Error('no route to host');
        if (request.body.length > FRONT_LIMIT_BYTES) {
          this.#trace.say('front', () => `drops ${request.body.length} bytes of ${name}`);
          this.#witness.droppedAtFront(name, request);
          return response(413, '{}');
        }
        const answered = await this.#answer(request);
        this.#witness.answered(request, answered);
        return answered;
      },
    };
  }

  async #answer({ url, headers, body }: WireRequest): Promise<WireResponse> {
    const { pathname: path } = new URL(url);
    try {
      return await this.#lambda.invoke(`api ${path.slice(4)}`, API_TIMEOUT_MS, async ({ api }, invocation) => {
        const reply = await api.answer({
          method: 'POST',
          path,
          body: RequestBody.of(Buffer.from(body)),
          authorization: headers.Authorization,
          timeLeftMs: () => invocation.timeLeftMs(),
        });
        return response(reply.status, reply.body);
      });
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      return response(502, 'Temporary trouble: keep your data and come again.'); // no JSON: agents keep everything
    }
  }

  #reported(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#trace.say('report', () => `${event} ${JSON.stringify(fields).slice(0, 400)}`);
    const error = String(fields.error ?? '');
    if (!event.endsWith('_failed') || /Refused|throttled|was lost|OutOfBudget/.test(error)) return;
    this.#violate(`${event}: ${error}`);
  }

  #violate(what: string): void {
    if (this.#violations.length < 20) this.#violations.push(`${this.#trace.at(this.#clock.now())} ${what}`);
    this.#trace.say('VIOLATION', () => what);
  }

  async #check(): Promise<void> {
    this.#witness.check();
    this.#checkSums();
    this.#checkProbes();
    for (const member of this.#crew.members) this.#checkAgent(member);
    await this.#checkQueues();
    if (this.#sink.quarantined.length > 0) this.#violate(`${this.#sink.quarantined.length} bodies were quarantined`);
  }

  /** Every task there ever was is in the ledger, once. */
  #checkSums(): void {
    const { ledger } = this.#stores;
    const all = [...this.#tasks, ...this.#probes];
    for (const { arn } of all) if (!ledger.record(arn)) this.#violate(`the ledger never heard of ${arn}`);
    const recorded = ledger.records.filter(({ kind }) => kind === 'ecs-task').length;
    if (recorded !== all.length) this.#violate(`${all.length} tasks, and ${recorded} in the ledger`);
  }

  #checkProbes(): void {
    for (const { arn, host } of this.#probes) {
      const record = this.#stores.ledger.record(arn);
      const verdict = record && this.#verdict(record);
      if (verdict?.verdict !== 'seen')
        this.#violate(`${arn} lived in the calm on ${host.instanceId} and is ${JSON.stringify(verdict)}`);
    }
  }

  #checkAgent({ name, agent, host, enrollments, kept, retired }: Member): void {
    if (retired || host.down) return;
    const { logs, pendingQueries } = agent.database;
    const beforeSeconds = (this.#clock.now() - DRAINED_WITHIN_MS) / SECOND_MS;
    const old = [...logs.keys()].filter((key) => Number(key.split('_')[1]) < beforeSeconds);
    if (old.length > 0) this.#violate(`${name} still holds ${old.length} log lines that are older than 90 s`);
    if (pendingQueries.size > 0) this.#violate(`${name} still holds ${pendingQueries.size} queries it has not run`);
    if (kept.length > 0) this.#violate(`${name} still holds answers that were never taken: ${kept.join(', ')}`);
    if (enrollments > MOST_ENROLLMENTS) this.#violate(`${name} enrolled ${enrollments} times in the calm`);
  }

  /** Of hosts whose agents poll, nothing that was asked in the calm still waits, and nothing is in flight for ever. */
  async #checkQueues(): Promise<void> {
    const { hosts } = this.#stores;
    const nowMs = this.#clock.now();
    const before = nowMs - DRAINED_WITHIN_MS;
    const down = new Set(this.#hosts.flatMap((host) => (host.down ? [host.instanceId, host.hostname] : [])));
    for (const name of hosts.names) {
      if (down.has(name)) continue;
      const { node, deliveries, pending } = await hosts.read(name);
      const calm = pending.filter(({ queuedAtMs }) => queuedAtMs > EPOCH_MS + this.#stormMs && queuedAtMs < before);
      const waiting = calm.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
      const isPolled = lives(node, nowMs) && node.lastSeenMs > nowMs - SILENT_MS;
      if (isPolled && waiting.length > 0)
        this.#violate(`${waiting.length} queries asked in the calm still wait for ${name}`);
      // What went unanswered is offered in parts, one at a time: some wait for their turn, but not all.
      const isStuck = deliveries.length > 0 && deliveries.every(({ leaseUntilMs }) => leaseUntilMs < before);
      if (isPolled && isStuck) this.#violate(`${deliveries.length} deliveries of ${name} are never given up`);
    }
  }

  #verdict(record: WorkloadRecord): Verdict {
    return verdictOf(record, this.#clock.now());
  }

  #counts(nowMs: number): Record<string, number> {
    const counts: Record<string, number> = {
      minutes: (nowMs - EPOCH_MS) / MINUTE_MS,
      agents: this.#crew.members.length,
      tasks: this.#tasks.length,
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
      const verdict = this.#verdict(record);
      add(`verdict ${verdict.verdict}${verdict.verdict === 'missed' ? ` ${verdict.reason}` : ''}`);
    }
    return counts;
  }
}

const response = (status: number, body: string): WireResponse => ({ status, headers: {}, body: Buffer.from(body) });
