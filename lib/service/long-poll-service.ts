import { traceOf } from '../core/errors.ts';
import type { HeldReads } from '../core/front/held-reads.ts';
import { HintReader } from '../core/front/hint-reader.ts';
import type { WakeHints } from '../core/front/wake-hints.ts';
import type { TlsApiDeps } from '../core/osquery/deps.ts';
import type { Reply } from '../core/osquery/replies.ts';
import { TlsApi } from '../core/osquery/tls-api.ts';
import { type ServiceOptions, ServiceServer } from './server.ts';

const MEASURE_EVERY_MS = 60_000;
/** How long requests that are not held may take to end after SIGTERM, ms. */
const PATIENCE_MS = 10_000;

export interface LongPollOptions extends Pick<ServiceOptions, 'tls' | 'limits'> {
  /** The dependencies of the TLS API, without holds. */
  readonly deps: Omit<TlsApiDeps, 'longPoll'>;
  readonly hints: WakeHints;
  readonly intervalSeconds: 0 | 1;
  /** Holds the reads of idle hosts. */
  readonly reads: HeldReads<Reply>;
  /** The clock of holds, hints and connections, epoch ms. */
  readonly now: () => number;
  /** The pause between two reads of hints, ms. */
  readonly hintsEveryMs: number;
}

/** One process of the long-poll front: the TLS API, the holds of idle hosts, and the loop that reads hints. */
export class LongPollService {
  readonly #server: ServiceServer;
  readonly #reads: HeldReads<Reply>;
  readonly #reader: HintReader;
  readonly #options: LongPollOptions;
  #isStopping = false;
  #areHintsReadable = true;
  #hintTimer: NodeJS.Timeout | undefined;
  #measureTimer: NodeJS.Timeout | undefined;

  constructor(options: LongPollOptions) {
    const { deps, reads, hints, now, intervalSeconds, tls, limits } = options;
    this.#options = options;
    this.#reads = reads;
    this.#reader = new HintReader({ hints, reads, now });
    const api = new TlsApi({ ...deps, longPoll: { reads, intervalSeconds } });
    this.#server = new ServiceServer({
      answer: (request, endpoint) => api.answer(request, endpoint),
      now,
      report: deps.report,
      tls,
      limits,
    });
  }

  /** How many reads are held. */
  get held(): number {
    return this.#reads.count;
  }

  get connections(): number {
    return this.#server.connections;
  }

  /** Starts to accept connections. @returns the port */
  async start(port: number, host?: string): Promise<number> {
    const listensOn = await this.#server.listen(port, host);
    this.#readHintsLater();
    this.#measureTimer = setInterval(() => this.#measure(), MEASURE_EVERY_MS);
    return listensOn;
  }

  /** Accepts no more connections, answers all held reads at once, and finishes the other requests. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearTimeout(this.#hintTimer);
    clearInterval(this.#measureTimer);
    this.#options.deps.report('front_stopping', { held: this.held, connections: this.connections });
    const stopped = this.#server.stop(PATIENCE_MS);
    this.#reads.close();
    await stopped;
    this.#measure();
  }

  #readHintsLater(): void {
    if (this.#isStopping) return;
    this.#hintTimer = setTimeout(() => void this.#readHints(), this.#options.hintsEveryMs);
  }

  /** While hints cannot be read, remembered partitions are not trusted, and each read looks at the table. */
  async #readHints(): Promise<void> {
    try {
      if (this.#reads.isWatching) await this.#reader.read();
      this.#areHintsReadable = true;
    } catch (error) {
      if (this.#areHintsReadable) this.#options.deps.report('hints_unreadable', { error: traceOf(error) });
      this.#areHintsReadable = false;
    }
    this.#readHintsLater();
  }

  #measure(): void {
    const { requests, refused, tooLarge } = this.#server.takeCounts();
    this.#options.deps.report('front_measured', {
      held: this.held,
      connections: this.connections,
      requests,
      refused,
      tooLarge,
    });
  }
}
