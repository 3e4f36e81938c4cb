import { type Endpoint, type Fault, Faults } from '../../workbench/world/index.ts';

/** Faults that say how many of them came to pass. */
export class CountedFaults extends Faults {
  happened = 0;

  override take(endpoint: Endpoint): Fault | undefined {
    const fault = super.take(endpoint);
    if (fault) this.happened += 1;
    return fault;
  }
}
