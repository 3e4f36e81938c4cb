import { createHash } from 'node:crypto';
import type { Client } from './client.ts';
import type { Decorators } from './decorators.ts';
import { depthOf, type Json, JsonObject, writeJson } from './json.ts';
import { type Logger, SEVERITY } from './logger.ts';
import { type ScheduledQuery, scheduledQueries } from './schedule.ts';
import type { WorkerContext } from './worker-context.ts';

const MAX_DEPTH = 32;

/** Fetches the configuration and applies it. */
export class ConfigKeeper {
  /** The current schedule. */
  schedule: readonly ScheduledQuery[] = [];
  /** SHA-1 of the current document, `""` before the first one. */
  private documentHash = '';
  valid = false;
  /** Whether the last fetch got no answer. The next one then comes after `config_accelerated_refresh`. */
  private failed = false;

  constructor(
    private readonly worker: WorkerContext,
    private readonly client: Client,
    private readonly decorators: Decorators,
    private readonly logger: Logger,
  ) {}

  /** `osquery_info.config_hash`: the SHA-1 of the document's SHA-1, both in hexadecimal. */
  get hash(): string {
    return this.documentHash && sha1(this.documentHash);
  }

  async fetch(): Promise<void> {
    const { flags, notify } = this.worker;
    const reply = await this.client.goN({ endpoint: 'config', members: '' }, flags.get('config_tls_max_attempts'));
    this.failed = 'failure' in reply;
    if ('failure' in reply) notify({ kind: 'config-failed', reason: reply.failure });
    else this.apply(reply.document);
  }

  /** Refreshes until the worker ends; with a refresh interval of 0 it never refreshes. */
  async run(): Promise<void> {
    const { clock, flags, signal } = this.worker;
    while (flags.get('config_refresh') > 0) {
      const seconds = flags.get(this.failed ? 'config_accelerated_refresh' : 'config_refresh');
      await clock.sleep(seconds * 1000, signal);
      await this.fetch();
    }
  }

  private apply(document: Json): void {
    const { flags, host, notify, profile } = this.worker;
    const text = writeJson(document);
    const hash = sha1(text);
    if (hash === this.documentHash) {
      notify({ kind: 'config-unchanged' });
      return;
    }
    this.documentHash = hash;
    this.schedule = []; // before any check: after a bad document the node runs nothing
    const flaw = flawOf(document, text, profile.configBytes);
    this.valid = flaw === null;
    if (flaw !== null || !(document instanceof JsonObject)) {
      notify({ kind: 'config-rejected', reason: flaw ?? 'not an object' });
      return;
    }
    const options = document.get('options');
    if (options instanceof JsonObject) {
      for (const name of flags.applyOptions(options, profile.cliOnlyFlags)) {
        this.logger.status(SEVERITY.warning, 'options.cpp:88', `Cannot set CLI_FLAG option '${name}' from config`);
      }
    }
    this.schedule = scheduledQueries(document, {
      version: profile.version,
      hostname: host.hostname,
      packDelimiter: flags.get('pack_delimiter'),
      defaultInterval: flags.get('schedule_default_interval'),
    });
    this.decorators.apply(document.get('decorators'));
    notify({ kind: 'config-applied', configHash: this.hash, scheduled: this.schedule.length });
  }
}

function flawOf(document: Json, text: string, maxBytes: number): string | null {
  if (Buffer.byteLength(text) > maxBytes) return `larger than ${maxBytes} bytes`;
  if (!(document instanceof JsonObject)) return 'not an object';
  return depthOf(document) > MAX_DEPTH ? `nested more than ${MAX_DEPTH} levels` : null;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
