/**
 * A simulated world to test a responder: hosts with Docker and real SQL tables, osquery agents that behave like
 * osqueryd, and an ECS cluster with EC2 and Auto Scaling that sends EventBridge events and answers AWS API calls. It
 * knows only the server's URL and shares no code with the server.
 */
export type { DescribeInstancesOutput } from './aws/ec2.ts';
export type { EventBridgeEvent } from './aws/event-feed.ts';
export { type ClusterOptions, SimulatedCluster } from './ecs/cluster.ts';
export { EcsApiError } from './ecs/ecs-api.ts';
export type { RunTask } from './ecs/task.ts';
export { TaskHandle } from './ecs/task-handle.ts';
export { SimulatedHost, simulatedHosts } from './host/host.ts';
export type { Row, SqlAnswer } from './host/sql-engine.ts';
export type { Container } from './host/state/container.ts';
export { type AgentOptions, SimulatedAgent } from './osquery/agent.ts';
export type { AgentEvent } from './osquery/events.ts';
export { type Endpoint, type Fault, Faults } from './osquery/faults.ts';
export type { FlagValues } from './osquery/flags.ts';
export { HttpsTransport, type Transport, type WireRequest, type WireResponse } from './osquery/transport.ts';
export { ScheduleBaseline } from './schedule-baseline.ts';
export { type Clock, RealClock, Stopped, VirtualClock } from './simulation/clock.ts';
export { LIFETIMES, type Lifetime } from './simulation/lifetimes.ts';
export { Random } from './simulation/random.ts';
