import type { HostState, HostView } from './host-state.ts';

/**
 * Computes a value of a host once per query, even if a join scans the table many times: a host does not change while a
 * query runs.
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
