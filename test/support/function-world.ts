import { eventHandler } from '../../lib/aws/event-function.ts';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { deliver } from './deliver.ts';
import type { AnyEvent } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { World } from './world.ts';

/** An in-memory world whose events can also go through the Lambda function. A call costs a hundredth of one on a table. */
export class FunctionWorld extends World {
  #function: ReturnType<typeof eventHandler> | undefined;

  /** Creates a world with this policy in force. */
  static under(policy: Policy): FunctionWorld {
    const world = new FunctionWorld();
    world.policy = inForce(policy);
    return world;
  }

  override coldStart(): void {
    super.coldStart();
    this.#function = undefined;
  }

  /** Sends events to the function in one batch. @returns the ids of the failed messages */
  send(...events: (AnyEvent | string)[]): Promise<string[]> {
    this.#function ??= eventHandler(this.taskDeps());
    return deliver(events, this.#function);
  }
}
