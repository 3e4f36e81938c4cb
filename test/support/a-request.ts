import type { Policy } from '../../lib/core/policy/policy.ts';
import { type AnyEvent, fixture } from './fixtures.ts';
import { inForce } from './plain-policy.ts';
import { type BaseWorld, World } from './world.ts';

let count = 0;

/** A custom event on Mayfly's bus, with a unique id. */
export const aRequest = (name: unknown, detail: Readonly<Record<string, unknown>> = {}): AnyEvent => ({
  ...fixture(20),
  id: `request-${++count}`,
  source: 'monitoring',
  'detail-type': 'Mayfly Query Request',
  detail: { request: name, ...detail },
});

/** A Mayfly with this policy in force. */
export async function aWorldUnder(policy: Policy): Promise<World> {
  const world = await World.begin();
  world.policy = inForce(policy);
  return world;
}

/** Delivers and answers all pending queries of a host. @returns the queries */
export async function answerAll(world: BaseWorld, host: string): Promise<string[]> {
  const queries = await world.poll(host, {
    queriesPerDelivery: 1000,
    leaseMs: 30_000,
    attempts: 3,
    resendMs: 0,
    claimMs: 0,
  });
  await world.answer(
    host,
    queries.map(({ wireId }) => ({ wireId, status: 0, message: '', rows: [] })),
  );
  return queries.map(({ sql }) => sql);
}
