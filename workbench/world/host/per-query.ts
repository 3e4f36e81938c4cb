import type { HostState, HostView } from './host-state.ts';

/**
 * Computes something of a host once a query, however often a join scans the table: nothing on a host
 * changes while a query runs.
 */
export function perQuery<T>(compute: (host: HostView) => T): (state: HostState) => T {
  const results = new WeakMap<HostState, T>();
  return (state) => {
    const known = results.get(state);
    if (known !== undefined) return known;
    const result = compute(state.host);
    results.set(state, result);
    return result;
  };
}
