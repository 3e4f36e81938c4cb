import { PLATFORM_MASK } from '../host/tables/osquery.ts';
import type { Reply } from './classify.ts';
import { type Json, JsonObject } from './json.ts';
import type { WorkerContext } from './worker-context.ts';

/** The tables whose first row is sent with an enrollment, in the order of a std::set. */
const DETAIL_TABLES = ['os_version', 'osquery_info', 'platform_info', 'system_info'];

/** Holds the node key and enrolls when there is none. All callers wait for a running enrollment. */
export class KeyKeeper {
  private queue: Promise<unknown> = Promise.resolve();
  private enrollAlways: boolean;

  constructor(
    private readonly worker: WorkerContext,
    private readonly enrollSecret: string,
    private readonly request: (body: string) => Promise<Reply>,
  ) {
    this.enrollAlways = worker.flags.get('enroll_always');
  }

  /** The node key, or `""` if every allowed enrollment attempt failed. */
  key(): Promise<string> {
    const result = this.queue.then(() => this.stored() ?? this.enroll());
    this.queue = result.catch(() => undefined);
    return result;
  }

  private stored(): string | undefined {
    if (this.worker.flags.get('disable_enrollment')) return '';
    if (!this.enrollAlways) return this.worker.store.nodeKey;
    this.enrollAlways = false; // once per process
    return undefined;
  }

  private async enroll(): Promise<string> {
    const { clock, flags, signal, store, notify } = this.worker;
    const attempts = flags.get('tls_enroll_max_attempts') || Number.POSITIVE_INFINITY;
    for (let n = 1; n <= attempts; n++) {
      const reply = await this.request(this.body());
      const nodeKey = 'document' in reply ? keyIn(reply.document) : undefined;
      if (nodeKey) {
        store.nodeKey = nodeKey;
        notify({ kind: 'enrolled', nodeKey });
        return nodeKey;
      }
      notify({ kind: 'enroll-failed', attempt: n, reason: 'failure' in reply ? reply.failure : 'no node key' });
      if (n < attempts) await clock.sleep(Math.min(n * n, flags.get('tls_enroll_max_interval')) * 1000, signal);
    }
    return '';
  }

  private body(): string {
    const { host, hostIdentifier, facts } = this.worker;
    const details = DETAIL_TABLES.flatMap((table) => {
      const row = host.firstRow(table, facts());
      return row ? [[table, row] as const] : [];
    });
    return JSON.stringify({
      enroll_secret: this.enrollSecret,
      host_identifier: hostIdentifier,
      platform_type: String(PLATFORM_MASK),
      host_details: Object.fromEntries(details),
    });
  }
}

/** `node_key`, or `id` if `node_key` is absent. */
function keyIn(document: Json): string | undefined {
  if (!(document instanceof JsonObject)) return undefined;
  const key = document.get('node_key') ?? document.get('id');
  return typeof key === 'string' && key !== '' ? key : undefined;
}
