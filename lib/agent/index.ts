/**
 * A simulated world to try a responder on: hosts with Docker and real SQL tables, osquery agents that
 * behave like osqueryd, and an ECS cluster that tells of its tasks in EventBridge events. It knows the
 * server only by its URL and shares no code with it.
 */
export { type Clock, RealClock, Stopped, VirtualClock } from './clock.ts';
export { type ClusterOptions, SimulatedCluster, TaskHandle } from './ecs/cluster.ts';
export type { Delays } from './ecs/delays.ts';
export { type DescribeContainerInstancesOutput, EcsApiError } from './ecs/ecs-api.ts';
export type { EventBridgeEvent } from './ecs/events.ts';
export type { ContainerDefinition, RunTask, TaskContainer } from './ecs/task.ts';
export type { Container, ContainerSpec } from './host/container.ts';
export { type HostOptions, SimulatedHost } from './host/host.ts';
export type { Row, SqlAnswer } from './host/sql-engine.ts';
export { fixedLifetime, LIFETIMES, type Lifetime } from './lifetimes.ts';
export { type AgentOptions, SimulatedAgent } from './osquery/agent.ts';
export type { AgentEvent, AgentNotice } from './osquery/events.ts';
export { type Endpoint, type Fault, Faults } from './osquery/faults.ts';
export type { FlagValues } from './osquery/flags.ts';
export { HttpsTransport, type Transport, type WireRequest, type WireResponse } from './osquery/transport.ts';
export { Random } from './random.ts';
export { type BaselineOptions, ScheduleBaseline } from './schedule-baseline.ts';
