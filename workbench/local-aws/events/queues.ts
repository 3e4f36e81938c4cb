import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../machine/clock.ts';
import { DurableLog, syncFolder } from '../machine/durable-log.ts';
import { LocalError } from '../machine/local-error.ts';
import type { Notify } from '../machine/notice.ts';

export interface QueueConfig {
  readonly name: string;
  readonly arn: string;
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** Called for each request that SQS would bill, except empty receives. @default - nothing counts them */
  readonly count?: (request: 'send' | 'receive' | 'delete', messages: number) => void;
  /** JSON: where messages go that keep failing, as SQS describes it. @default - nowhere */
  readonly redrivePolicy?: string;
}

/** What a message keeps when it moves to a dead-letter queue. */
interface Moved {
  readonly id: string;
  readonly sentAtMs: number;
  /** The queue that it came from. */
  readonly sourceArn: string | undefined;
}

/** A message as a receiver sees it. */
export interface Message {
  readonly sourceArn?: string;
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly receives: number; // including this one
  readonly firstReceivedAtMs: number;
  readonly receivedAtMs: number; // of this receive
}

interface Stored {
  sourceArn?: string;
  id: string;
  body: string;
  sentAtMs: number;
  receives: number;
  firstReceivedAtMs: number;
  visibleAtMs: number;
  inFlight: boolean;
}

/** One line of the journal. */
type Entry =
  | { op: 'send'; id: string; body: string; sentAtMs: number; sourceArn?: string; receives?: number }
  | { op: 'receive'; ids: string[] }
  | { op: 'delete'; ids: string[] };

/** Journal size beyond which an empty queue truncates its journal. */
const MAX_IDLE_JOURNAL_BYTES = 4 * 1024 * 1024;

/**
 * A standard SQS queue in a journal file. An acknowledged message survives `kill -9` and is delivered at least once.
 * The journal also stores receive counts, so that a message that kills the runner still reaches its dead-letter queue.
 */
export class LocalQueue {
  private readonly messages = new Map<string, Stored>();
  private sending = 0;
  private changeListeners: (() => void)[] = [];

  private constructor(
    readonly config: QueueConfig,
    private readonly clock: Clock,
    private readonly log: DurableLog,
  ) {}

  static async open(file: string, config: QueueConfig, clock: Clock, notify: Notify): Promise<LocalQueue> {
    const torn = await DurableLog.open(file, notify); // repairs the tail before the file is read
    await torn.close();
    const survivors = replay(await readFile(file, 'utf8'), file);
    await compact(file, survivors);
    const queue = new LocalQueue(config, clock, await DurableLog.open(file, notify));
    for (const survivor of survivors)
      queue.messages.set(survivor.id, { ...survivor, firstReceivedAtMs: 0, visibleAtMs: 0, inFlight: false });
    return queue;
  }

  /** Number of messages that are waiting, delayed or in flight. */
  get size(): number {
    return this.messages.size + this.sending;
  }

  /** Resolves with the message id once the message is on disk. */
  async send(body: string, moved: Partial<Moved> = {}): Promise<string> {
    const { id = randomUUID(), sentAtMs = this.clock.now(), sourceArn } = moved;
    this.config.count?.('send', 1);
    this.sending++;
    try {
      await this.write({ op: 'send', id, body, sentAtMs, sourceArn });
      const visibleAtMs = this.clock.now();
      const unread = { receives: 0, firstReceivedAtMs: 0, visibleAtMs, inFlight: false };
      this.messages.set(id, { id, body, sentAtMs, sourceArn, ...unread });
    } finally {
      this.sending--;
      this.changed();
    }
    return id;
  }

  /** Receives up to `limit` visible messages, oldest first. They stay invisible until they are deleted or released. */
  receive(limit: number): Message[] {
    const nowMs = this.clock.now();
    this.expire(nowMs);
    const taken = [...this.visible(nowMs)].slice(0, limit);
    for (const message of taken) {
      message.inFlight = true;
      message.receives++;
      message.firstReceivedAtMs ||= nowMs;
    }
    if (taken.length > 0) this.config.count?.('receive', taken.length);
    if (taken.length > 0) this.write({ op: 'receive', ids: taken.map(({ id }) => id) }).catch(() => undefined); // only a count
    return taken.map(({ id, body, sentAtMs, sourceArn, receives, firstReceivedAtMs }) => ({
      id,
      body,
      sentAtMs,
      sourceArn,
      receives,
      firstReceivedAtMs,
      receivedAtMs: nowMs,
    }));
  }

  /** Makes received messages visible again after `delayMs`. */
  release(ids: readonly string[], delayMs: number): void {
    for (const id of ids) {
      const message = this.messages.get(id);
      if (message) Object.assign(message, { inFlight: false, visibleAtMs: this.clock.now() + delayMs });
    }
    this.changed();
  }

  async delete(ids: readonly string[]): Promise<void> {
    this.config.count?.('delete', ids.length);
    // If a crash loses the deletion, the message is delivered once more, which a standard queue allows.
    await this.write({ op: 'delete', ids: [...ids] });
    for (const id of ids) this.messages.delete(id);
    if (this.size === 0 && this.log.bytes > MAX_IDLE_JOURNAL_BYTES) await this.log.clear();
    this.changed();
  }

  /** Returns when the next message becomes visible; `undefined` if none is waiting. */
  nextVisibleAtMs(): number | undefined {
    const waiting = [...this.messages.values()].filter((message) => !message.inFlight);
    return waiting.length > 0 ? Math.min(...waiting.map((message) => message.visibleAtMs)) : undefined;
  }

  /** Resolves when the queue next changes. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => this.changeListeners.push(resolve));
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private *visible(nowMs: number): Generator<Stored> {
    for (const message of this.messages.values()) if (!message.inFlight && message.visibleAtMs <= nowMs) yield message;
  }

  private expire(nowMs: number): void {
    const old = [...this.messages.values()].filter(
      (message) => message.sentAtMs + this.config.retentionMs <= nowMs && !message.inFlight,
    );
    for (const { id } of old) this.messages.delete(id);
    // If a crash loses the deletion, the message expires again.
    if (old.length > 0) this.write({ op: 'delete', ids: old.map(({ id }) => id) }).catch(() => undefined);
  }

  private write(entry: Entry): Promise<void> {
    return this.log.append(Buffer.from(`${JSON.stringify(entry)}\n`));
  }

  private changed(): void {
    const listeners = this.changeListeners;
    this.changeListeners = [];
    for (const listener of listeners) listener();
  }
}

type Survivor = Pick<Stored, 'id' | 'body' | 'sentAtMs' | 'sourceArn' | 'receives'>;

/** Replays a journal. @returns the messages sent and not deleted, in sending order */
function replay(journal: string, file: string): Survivor[] {
  const messages = new Map<string, Survivor>();
  for (const [index, line] of journal.split('\n').entries()) {
    if (line === '') continue;
    const entry = parseEntry(line, `${file}:${index + 1}`);
    if (entry.op === 'send') messages.set(entry.id, survivorOf(entry));
    else if (entry.op === 'delete') for (const id of entry.ids) messages.delete(id);
    else for (const id of entry.ids) bump(messages.get(id));
  }
  return [...messages.values()];
}

const survivorOf = ({ id, body, sentAtMs, sourceArn, receives = 0 }: Extract<Entry, { op: 'send' }>): Survivor => ({
  id,
  body,
  sentAtMs,
  sourceArn,
  receives,
});

function bump(message: Survivor | undefined): void {
  if (message) message.receives++;
}

function parseEntry(line: string, where: string): Entry {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new LocalError(`${where}: the queue's journal is damaged; remove the line, or the file and its messages`, {
      cause,
    });
  }
}

/** Atomically replaces the journal by one with only the remaining messages. */
async function compact(file: string, messages: readonly Survivor[]): Promise<void> {
  const lines = messages.map((message) => `${JSON.stringify({ op: 'send', ...message } satisfies Entry)}\n`);
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(lines.join(''));
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  await syncFolder(path.dirname(file));
}

/** Lambda adds this hash to each record. */
export const md5 = (body: string) => createHash('md5').update(body).digest('hex');
