import type { Container } from '../container.ts';
import type { HostState } from '../host-state.ts';
import type { Constraints } from '../table.ts';

/** A container, and the id its rows show: the prefix it was asked for by, if it was. */
export interface Listed {
  readonly id: string;
  readonly container: Container;
}

/** What osquery lets through to Docker as an id or its beginning. */
const HEX = /^[0-9a-f]{1,64}$/i;

/**
 * The containers Docker lists for one scan. Without a comparison `id =` only running ones; with one
 * also those that have exited (the call then says `all=1`), found by any prefix of their id.
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

/** The running containers a table that needs an id is asked for; an exited one has no rows. */
export function namedRunning(state: HostState, where: Constraints): Listed[] {
  return where.equals('id') ? listContainers(state, where).filter(({ container }) => !container.exit) : [];
}
