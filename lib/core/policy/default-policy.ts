import type { Policy } from './rule.ts';

const CONTAINER_COLUMNS =
  'id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, ' +
  'security_options, readonly_rootfs, net_namespace, pid_namespace';

/**
 * The policy Mayfly starts with. Every query names its columns and constrains `id`: `docker_containers` lists only
 * running containers unless `id` is constrained, and then shows exited ones too (osquery-protocol.md §12.1).
 */
export const defaultPolicy: Policy = {
  taskRunning: {
    name: 'ecs-task-running',
    answers: 'Which container is this, from which image, running what?',
    set: 'live',
    priority: 3,
    expiresSeconds: 600,
    queries: [
      {
        name: 'container',
        sql: `SELECT ${CONTAINER_COLUMNS} FROM docker_containers WHERE id IN (:containers)`,
        bind: { containers: 'runtime-ids' },
        evidence: { column: 'id', alive: { column: 'state', oneOf: ['running', 'paused', 'restarting'] } },
      },
      {
        name: 'processes',
        sql:
          'SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user ' +
          'FROM docker_container_processes WHERE id IN (:containers)',
        bind: { containers: 'runtime-ids' },
      },
    ],
  },
  taskStopped: {
    name: 'ecs-task-stopped',
    answers: 'What was the container that is already gone, and how did it end?',
    set: 'post-mortem',
    priority: 5,
    // The ECS agent removes stopped containers after 3 h by default: later the question has no answer.
    expiresSeconds: 10_800,
    queries: [
      {
        name: 'container',
        sql: `SELECT ${CONTAINER_COLUMNS} FROM docker_containers WHERE id IN (:containers)`,
        bind: { containers: 'runtime-ids' },
        evidence: { column: 'id' },
      },
    ],
  },
  instanceLaunched: {
    name: 'ec2-launched',
    answers: 'Which instance came up, from which image, under which role?',
    set: 'launch',
    priority: 4,
    expiresSeconds: 3600,
    queries: [
      {
        name: 'instance',
        sql:
          'SELECT instance_id, instance_type, architecture, region, availability_zone, local_hostname, local_ipv4, ' +
          'mac, iam_arn, ami_id, account_id FROM ec2_instance_metadata',
        bind: {},
        evidence: { column: 'instance_id' },
      },
      {
        name: 'system',
        sql:
          'SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.cpu_brand, s.physical_memory, ' +
          'o.name AS os_name, o.version AS os_version, o.platform, o.arch FROM system_info s, os_version o',
        bind: {},
      },
    ],
  },
  enrollment: {
    name: 'enrollment-identity',
    answers: 'Who enrolled, and which instance is it?',
    set: 'enrollment',
    priority: 6,
    expiresSeconds: 86_400,
    queries: [
      {
        name: 'ec2',
        sql: 'SELECT instance_id, instance_type, ami_id, availability_zone, local_ipv4, mac, iam_arn, account_id FROM ec2_instance_metadata',
        bind: {},
        // Off EC2 this table blocks the agent for minutes, so it is asked only where the hardware says EC2.
        discovery: "SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'",
      },
      {
        name: 'agent',
        sql: 'SELECT uuid, instance_id, version, config_hash, config_valid, extensions, build_platform, start_time FROM osquery_info',
        bind: {},
      },
    ],
  },
  heatSeconds: 300,
};
