import { type Endpoint, type Fault, Faults } from '../../workbench/world/index.ts';

/** Faults that count how many of them occurred. */
export class CountedFaults extends Faults {
  happened = 0;

  override take(endpoint: Endpoint): Fault | undefined {
    const fault = super.take(endpoint);
    if (fault) this.happened += 1;
    return fault;
  }
}
