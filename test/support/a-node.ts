import { NODE_TTL_MS, type Node } from '../../lib/core/nodes/node.ts';
import { T0 } from './times.ts';

/** A node that enrolled at T0 and has not polled since. */
export const aNode = (host: string, node: Partial<Node> = {}): Node => ({
  host,
  epoch: T0 / 1000,
  enrolledAtMs: T0,
  lastSeenMs: T0,
  hotUntilMs: 0,
  rev: 0,
  taken: {},
  identity: {
    hostname: `${host}.internal`,
    uuid: `ec2-${host}`,
    agentInstance: `agent-${host}`,
    platform: 'amzn',
    osqueryVersion: '5.23.1',
    vendor: 'Amazon EC2',
  },
  expiresAtMs: T0 + NODE_TTL_MS,
  ...node,
});
