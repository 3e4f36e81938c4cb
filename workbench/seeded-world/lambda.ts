import { livePolicy } from '../../lib/core/policy/live-policy.ts';
import { PolicyCache } from '../../lib/core/policy/policy-cache.ts';
import { Spend } from '../../lib/core/reconcile/spend.ts';
import type { Report } from '../../lib/core/reports/report.ts';
import type { Ports } from '../../lib/memory/composition.ts';
import { type Functions, functionsOver } from '../simulated-day/composition.ts';
import type { Clock } from '../world/index.ts';
import { Invocation, throughAll } from './invocation.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

interface LambdaOptions {
  readonly clock: Clock;
  readonly weather: Weather;
  readonly trace: Trace;
  readonly report: Report;
  /** The underlying ports, which do not fail. */
  readonly ports: (spend: Spend) => Ports;
}

interface Environment {
  readonly functions: Functions;
  invocation: Invocation | undefined;
}

/**
 * Runs functions as Lambda does: each environment runs one invocation at a time and keeps its caches between
 * invocations.
 */
export class SimulatedLambda {
  readonly counts = { invocations: 0, deaths: 0, environments: 0 };
  readonly #options: LambdaOptions;
  readonly #idle: Environment[] = [];

  constructor(options: LambdaOptions) {
    this.#options = options;
  }

  /**
   * Runs a function once.
   *
   * @throws {Died} if it was killed; otherwise the function's own error
   */
  async invoke<T>(
    name: string,
    timeoutMs: number,
    work: (functions: Functions, invocation: Invocation) => Promise<T>,
  ): Promise<T> {
    const environment = this.#idle.pop() ?? this.#coldStart();
    const invocation = new Invocation(name, timeoutMs, this.#options);
    environment.invocation = invocation;
    this.counts.invocations++;
    try {
      return await Promise.race([work(environment.functions, invocation), invocation.death]);
    } finally {
      // An environment that was killed is not used again.
      if (invocation.isDead) this.counts.deaths++;
      else this.#idle.push(environment);
    }
  }

  #coldStart(): Environment {
    const { clock, ports, report } = this.#options;
    this.counts.environments++;
    const current = (): Invocation => {
      if (!environment.invocation) throw new Error('a port was called before any invocation');
      return environment.invocation;
    };
    const now = () => clock.now();
    const spend = new Spend(now, (ms) => clock.sleep(ms));
    const faulty = throughAll(ports(spend), current);
    const policy = livePolicy(new PolicyCache({ store: faulty.policies, now, report }));
    const environment: Environment = {
      functions: functionsOver(faulty, { policy, spend, now, report }),
      invocation: undefined,
    };
    return environment;
  }
}
