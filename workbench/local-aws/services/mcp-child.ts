import type { ChildProcess } from 'node:child_process';

/** A tool's answer: JSON, or a database error as JSON. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Speaks the Model Context Protocol with a child process over its standard input and output: one JSON-RPC message per
 * line. No other process can reach the child.
 *
 * @see modelcontextprotocol.io, "Transports", stdio
 */
export class McpChild {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private rest: Buffer[] = [];

  constructor(readonly process: ChildProcess) {
    process.stdout?.on('data', (chunk: Buffer) => this.take(chunk));
    process.stdin?.on('error', () => undefined); // the child has ended; the exit handler reports it
    process.once('exit', () => this.fail(new Error('the database has ended')));
    process.once('error', (error) => this.fail(error));
  }

  /** Starts the child. @returns its tools with the names of their parameters */
  async start(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const clientInfo = { name: 'mayfly', version: '1' };
    await this.request('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo });
    this.write({ method: 'notifications/initialized' });
    const { tools } = Object(await this.request('tools/list', {}));
    return new Map(
      Array.from(tools ?? [], (tool) => {
        const { name, inputSchema } = Object(tool);
        return [String(name), new Set(Object.keys(Object(inputSchema?.properties)))];
      }),
    );
  }

  /** @throws an Error if the child ends before it answers */
  async call(name: string, parameters: object): Promise<ToolAnswer> {
    const result = Object(await this.request('tools/call', { name, arguments: parameters }));
    return { isError: result.isError === true, text: String(result.content?.[0]?.text) };
  }

  private request(method: string, params: object): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        return reject(new Error('the database has ended'));
      this.pending.set(id, { resolve, reject });
      this.write({ id, method, params });
    });
  }

  private write(message: object): void {
    this.process.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  private take(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      const line = Buffer.concat([...this.rest, chunk.subarray(from, end)]).toString('utf8');
      this.rest = [];
      from = end + 1;
      this.settle(Object(JSON.parse(line)));
    }
    if (from < chunk.length) this.rest.push(chunk.subarray(from));
  }

  private settle({ id, result, error }: Record<string, unknown>): void {
    const waiting = this.pending.get(Number(id));
    this.pending.delete(Number(id));
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new RpcError(String(Object(error).message)));
  }

  private fail(error: Error): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

/** The child rejected the message itself, for example because of a parameter of the wrong type. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
}
