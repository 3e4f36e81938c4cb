import type { Clock } from '../simulation/clock.ts';
import type { Random } from '../simulation/random.ts';
import type { Transport, WireRequest, WireResponse } from './transport.ts';

export type Endpoint = 'enroll' | 'config' | 'log' | 'read' | 'write';

/** A fault of an exchange between an agent and its server. */
export type Fault =
  /** No connection. */
  | 'refuse'
  /** The server has processed the request, but the connection breaks before the first byte of the answer arrives. */
  | 'drop-after-processing'
  /** The connection breaks in the middle of the answer. */
  | 'half-response'
  /** The answer comes after the agent's deadline. */
  | 'stall'
  /** The same bytes arrive twice, each over its own connection. */
  | 'duplicate';

/** One second longer than osquery's deadline of 16 s. */
const STALL_MS = 17_000;

/** The faults of one agent. A test or a demo changes them while the agent runs. */
export class Faults {
  /** Every request takes 2 to 4 s longer. */
  slowLink = false;
  /** Whether running this SQL kills the worker, as its watchdog would. */
  crashDuring: (sql: string) => boolean = () => false;
  private readonly planned: { readonly fault: Fault; readonly endpoint: Endpoint | undefined; times: number }[] = [];

  /** Makes the next `times` exchanges fail, optionally only those of one endpoint. */
  inject(fault: Fault, { endpoint, times = 1 }: { endpoint?: Endpoint; times?: number } = {}): void {
    this.planned.push({ fault, endpoint, times });
  }

  /** Returns the fault of the next exchange, if any, and removes it. */
  take(endpoint: Endpoint): Fault | undefined {
    const plan = this.planned.find((one) => one.times > 0 && (!one.endpoint || one.endpoint === endpoint));
    if (plan) plan.times--;
    return plan?.fault;
  }
}

/** Runs one exchange with `transport`, with the injected faults. */
export async function exchangeWithFaults(
  transport: Transport,
  request: WireRequest,
  endpoint: Endpoint,
  { faults, clock, random, signal }: { faults: Faults; clock: Clock; random: Random; signal: AbortSignal },
): Promise<WireResponse> {
  if (faults.slowLink) await clock.sleep(random.between(2000, 4000), signal);
  const fault = faults.take(endpoint);
  if (fault === 'refuse') throw new Error('connection refused');
  const response = await transport.exchange(request, signal);
  if (fault === 'drop-after-processing') throw new Error('connection reset by peer');
  if (fault === 'half-response') throw new Error('partial message');
  if (fault === 'stall') await clock.sleep(STALL_MS, signal);
  if (fault === 'duplicate') return transport.exchange(request, signal);
  return response;
}
