import { describe, expect, it } from '@jest/globals';
import { accelerateSeconds, accepts, type Node } from '../../../../lib/core/nodes/node.ts';
import { anIdentity } from '../../../support/an-agent.ts';
import { T0 } from '../../../support/times.ts';

const aNode = (node: Partial<Node> = {}): Node => ({
  host: 'h1',
  epoch: 100,
  enrolledAtMs: T0,
  lastSeenMs: T0,
  hotUntilMs: 0,
  rev: 0,
  taken: {},
  identity: anIdentity(),
  expiresAtMs: T0 + 1000,
  ...node,
});

describe('a node', () => {
  it('is opened by the key of its enrollment until it expires, whether or not its row still exists', () => {
    expect(accepts(aNode(), 100, T0 + 999)).toBe(true);
    expect(accepts(aNode(), 100, T0 + 1000)).toBe(false);
    expect(accepts(undefined, 100, T0)).toBe(false);
  });

  it('is not opened by the key of another enrollment', () => {
    expect(accepts(aNode(), 99, T0)).toBe(false);
    expect(accepts(aNode(), 101, T0)).toBe(false);
  });

  it('is opened by the key of the previous enrollment during its grace period', () => {
    const node = aNode({ previousEpoch: 90, previousUntilMs: T0 + 500 });
    expect(accepts(node, 90, T0 + 499)).toBe(true);
    expect(accepts(node, 90, T0 + 500)).toBe(false);
    expect(accepts(node, 89, T0)).toBe(false);
  });
});

describe('accelerate', () => {
  it('is the remaining heat in whole seconds, and absent for a cold host', () => {
    expect(accelerateSeconds(aNode({ hotUntilMs: T0 + 60_000 }), T0)).toBe(60);
    expect(accelerateSeconds(aNode({ hotUntilMs: T0 + 60_000 }), T0 + 59_001)).toBe(1);
    expect(accelerateSeconds(aNode({ hotUntilMs: T0 + 60_000 }), T0 + 60_000)).toBeUndefined();
    expect(accelerateSeconds(undefined, T0)).toBeUndefined();
  });
});
