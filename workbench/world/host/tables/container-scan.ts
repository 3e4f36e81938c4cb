import type { Container } from '../state/container.ts';
import type { HostState } from '../state/host-state.ts';
import type { Constraints } from './table.ts';

/** A container and the id its rows show: the id prefix of the query, if it has one. */
export interface Listed {
  readonly id: string;
  readonly container: Container;
}

/** What osquery passes to Docker as an id or id prefix. */
const HEX = /^[0-9a-f]{1,64}$/i;

/**
 * The containers Docker lists for one scan. Without a comparison on `id`, only running containers. With one, exited
 * containers too, found by any prefix of their id (osquery then calls Docker with `all=1`).
 */
export function listContainers({ host }: HostState, where: Constraints): Listed[] {
  const ids = where.equals('id');
  if (!ids) return host.running().map((container) => ({ id: container.id, container }));
  const asked = ids.filter((id) => HEX.test(id));
  return host.containers().flatMap((container) => {
    const id = asked.find((prefix) => container.id.startsWith(prefix));
    return id === undefined ? [] : [{ id, container }];
  });
}

/** The running containers whose ids the query names, for tables that require an id. An exited container has no rows. */
export function namedRunning(state: HostState, where: Constraints): Listed[] {
  return where.equals('id') ? listContainers(state, where).filter(({ container }) => !container.exit) : [];
}
