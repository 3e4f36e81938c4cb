import { compiledPolicy } from '../../lib/core/policy/compiled-policy.ts';
import type { LivePolicy } from '../../lib/core/policy/live-policy.ts';
import type { Policy, PolicyQuery, PolicyRule } from '../../lib/core/policy/policy.ts';

const containers = { containers: 'detail.containers[].runtimeId' };
const container: PolicyQuery = {
  name: 'container',
  sql:
    'SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, ' +
    'security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers)',
  bind: containers,
  evidence: { column: 'id' },
};
const base = { accelerateSeconds: 300, postMortem: [], postMortemExpiresSeconds: 10_800 };

const taskRunning: PolicyRule = {
  ...base,
  name: 'ecs-task-running',
  answers: 'Which container is this?',
  on: {
    event: { source: ['aws.ecs'], 'detail-type': ['ECS Task State Change'], detail: { lastStatus: ['RUNNING'] } },
  },
  target: 'ecs-task-host',
  priority: 3,
  lastGasp: false,
  expiresSeconds: 600,
  queries: [
    {
      ...container,
      evidence: { column: 'id', alive: { column: 'state', oneOf: ['running', 'paused', 'restarting'] } },
    },
    {
      name: 'processes',
      sql:
        'SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user ' +
        'FROM docker_container_processes WHERE id IN (:containers)',
      bind: containers,
    },
  ],
  postMortem: [container],
};

const launched: PolicyRule = {
  ...base,
  name: 'ec2-launched',
  answers: 'Which instance came up?',
  on: { event: { 'detail-type': ['EC2 Instance State-change Notification', 'EC2 Instance Launch Successful'] } },
  target: 'ec2-instance',
  priority: 4,
  lastGasp: false,
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
};

const enrollment: PolicyRule = {
  ...base,
  accelerateSeconds: 0,
  name: 'enrollment-identity',
  answers: 'Who enrolled?',
  on: { enrollment: true },
  target: 'same-node',
  priority: 6,
  lastGasp: false,
  expiresSeconds: 86_400,
  queries: [
    {
      name: 'ec2',
      sql: 'SELECT instance_id, ami_id FROM ec2_instance_metadata',
      bind: {},
      discovery: "SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'",
    },
    { name: 'agent', sql: 'SELECT version, config_hash FROM osquery_info', bind: {} },
  ],
};

/** A small policy that does not change with the default policy. */
export const plainPolicy: Policy = {
  rules: [taskRunning, launched, enrollment],
  profiles: [
    {
      name: 'default',
      config: {
        options: { distributed_interval: 10 },
        schedule: { health: { query: 'SELECT version FROM osquery_info', interval: 3600, snapshot: true } },
      },
    },
  ],
  limits: { queriesPerDelivery: 3, pendingPerHost: 10_000, spacingSeconds: 0, hostsPerTrigger: 100 },
  heatSeconds: 300,
  ledgerKeepsSeconds: 90 * 86_400,
};

/** A policy in force that never changes. */
export const inForce = (policy: Policy = plainPolicy): LivePolicy => {
  const compiled = compiledPolicy(policy);
  return async () => compiled;
};
