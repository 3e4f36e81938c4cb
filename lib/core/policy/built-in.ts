// Made from policy/ by `npm run policy`.
import type { Policy } from './policy.ts';

export const builtInPolicy: Policy = {
  heatSeconds: 300,
  ledgerKeepsSeconds: 7776000,
  limits: {
    hostsPerTrigger: 500,
    pendingPerHost: 500,
    queriesPerDelivery: 3,
    spacingSeconds: 10,
  },
  profiles: [
    {
      config: {
        decorators: {
          interval: {
            '600': [
              "SELECT substr(group_concat(DISTINCT key || '=' || value), 1, 1024) AS docker_image_labels FROM docker_container_labels WHERE key NOT LIKE 'com.amazonaws.ecs.%'",
              'SELECT substr(group_concat(DISTINCT id), 1, 1024) AS docker_image_hashes FROM docker_images',
            ],
          },
          load: [
            'SELECT uuid AS host_uuid, hostname, hardware_serial, sha256(uuid || hardware_serial) AS device_hash FROM system_info',
            "SELECT address AS ip FROM interface_addresses WHERE interface NOT IN ('lo', 'docker0') AND address LIKE '%.%' LIMIT 1",
            "SELECT group_concat(interface || '=' || mac, ' ') AS interfaces FROM interface_details WHERE interface NOT LIKE 'veth%' AND mac <> '00:00:00:00:00:00'",
            "SELECT m.instance_id, m.instance_type, m.ami_id, m.region, m.availability_zone, m.account_id FROM system_info s CROSS JOIN ec2_instance_metadata m WHERE s.hardware_vendor = 'Amazon EC2'",
            "SELECT substr(group_concat(t.key || '=' || t.value, ' '), 1, 1024) AS instance_tags FROM system_info s CROSS JOIN ec2_instance_tags t WHERE s.hardware_vendor = 'Amazon EC2'",
          ],
        },
        options: {
          disable_distributed: false,
          distributed_interval: 10,
          distributed_tls_max_attempts: 3,
          logger_min_status: 1,
          logger_snapshot_event_type: true,
          logger_tls_compress: true,
          logger_tls_max_lines: 256,
          logger_tls_max_linesize: 16384,
          logger_tls_period: 4,
          pack_delimiter: '/',
          schedule_splay_percent: 10,
        },
        packs: {
          'container-events': {
            discovery: ["SELECT 1 FROM osquery_flags WHERE name = 'disable_audit' AND value = 'false'"],
            platform: 'linux',
            queries: {
              container_starts: {
                interval: 30,
                query:
                  "SELECT pid, path, cmdline, parent, uid, time FROM process_events                 WHERE path LIKE '%/runc' OR path LIKE '%/containerd-shim-runc-v2' OR path LIKE '%/docker'                 OR path LIKE '%/crio' OR path LIKE '%/conmon'",
                removed: false,
              },
            },
          },
        },
        schedule: {
          osquery_health: {
            interval: 3600,
            query: 'SELECT version, config_hash, config_valid, start_time FROM osquery_info',
            snapshot: true,
          },
        },
      },
      name: 'default',
    },
  ],
  rules: [
    {
      accelerateSeconds: 0,
      answers: 'Which containers run on the node that just started one, however it was started?',
      expiresSeconds: 300,
      lastGasp: false,
      name: 'docker-start-seen',
      on: {
        log: {
          action: ['added', 'snapshot'],
          columns: {
            path: [
              {
                suffix: '/runc',
              },
              {
                suffix: '/containerd-shim-runc-v2',
              },
              {
                suffix: '/docker',
              },
            ],
          },
          query: 'pack/container-events/container_starts',
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 3,
      queries: [
        {
          bind: {},
          name: 'containers',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers LIMIT 500',
        },
      ],
      target: 'same-node',
    },
    {
      accelerateSeconds: 0,
      answers: "Which processes run in which pod's containers on the node that just started one?",
      expiresSeconds: 300,
      lastGasp: false,
      name: 'kubernetes-start-seen',
      on: {
        log: {
          action: ['added', 'snapshot'],
          columns: {
            path: [
              {
                suffix: '/containerd-shim-runc-v2',
              },
              {
                suffix: '/crio',
              },
              {
                suffix: '/conmon',
              },
            ],
          },
          query: 'pack/container-events/container_starts',
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 3,
      queries: [
        {
          bind: {},
          discovery: "SELECT 1 FROM processes WHERE name = 'kubelet'",
          name: 'pod-processes',
          sql: "SELECT pid, name, path, cmdline, uid, gid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path LIKE '%kubepods%' AND start_time > CAST(strftime('%s', 'now') AS INTEGER) - 600 LIMIT 1000",
        },
      ],
      target: 'same-node',
    },
    {
      accelerateSeconds: 0,
      answers: 'Which processes belong to the control group of this container, on a node without Docker?',
      expiresSeconds: 600,
      lastGasp: false,
      name: 'container-by-cgroup',
      on: {
        request: 'container-by-cgroup',
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 2,
      queries: [
        {
          bind: {
            container: 'detail.container',
          },
          name: 'processes',
          sql: "SELECT pid, name, path, cmdline, uid, gid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path LIKE '%' || :container || '%' LIMIT 1000",
        },
      ],
      target: {
        host: 'detail.host',
      },
    },
    {
      accelerateSeconds: 0,
      answers: 'Which instance came up, from which image, under which role?',
      expiresSeconds: 3600,
      lastGasp: false,
      name: 'ec2-launched',
      on: {
        event: {
          $or: [
            {
              detail: {
                state: ['running'],
              },
              'detail-type': ['EC2 Instance State-change Notification'],
              source: ['aws.ec2'],
            },
            {
              'detail-type': ['EC2 Instance Launch Successful'],
              source: ['aws.autoscaling'],
            },
          ],
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 4,
      queries: [
        {
          bind: {},
          evidence: {
            column: 'instance_id',
          },
          name: 'instance',
          sql: 'SELECT instance_id, instance_type, architecture, region, availability_zone, local_hostname, local_ipv4, mac, iam_arn, ami_id, account_id FROM ec2_instance_metadata',
        },
        {
          bind: {},
          name: 'system',
          sql: 'SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.cpu_brand, s.physical_memory, o.name AS os_name, o.version AS os_version, o.platform, o.arch FROM system_info s, os_version o LIMIT 1',
        },
      ],
      target: 'ec2-instance',
    },
    {
      accelerateSeconds: 300,
      answers: 'Which containers are these, from which images, running what, and what can they reach?',
      expiresSeconds: 600,
      lastGasp: false,
      name: 'ecs-task-running',
      on: {
        event: {
          detail: {
            lastStatus: ['RUNNING'],
          },
          'detail-type': ['ECS Task State Change'],
          source: ['aws.ecs'],
        },
      },
      postMortem: [
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          evidence: {
            column: 'id',
          },
          name: 'container',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers)',
        },
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          name: 'mounts',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, type, name, source, destination, mode, rw FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000',
        },
      ],
      postMortemExpiresSeconds: 10800,
      priority: 3,
      queries: [
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          evidence: {
            alive: {
              column: 'state',
              oneOf: ['running', 'paused', 'restarting'],
            },
            column: 'id',
          },
          name: 'container',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers)',
        },
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          name: 'processes',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user FROM docker_container_processes WHERE id IN (:containers) LIMIT 1000',
        },
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          name: 'surroundings',
          platforms: ['linux', 'darwin'],
          sql: "SELECT id, 'mount' AS kind, type AS name, source AS host_side, destination AS container_side, CASE rw WHEN 1 THEN 'read-write' ELSE 'read-only' END AS detail FROM docker_container_mounts WHERE id IN (:containers) UNION ALL SELECT id, 'network', name, gateway, ip_address, mac_address FROM docker_container_networks WHERE id IN (:containers) UNION ALL SELECT c.id, 'socket', s.state, s.local_address || ':' || s.local_port, s.remote_address || ':' || s.remote_port, 'pid ' || s.pid FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid WHERE c.id IN (:containers) AND s.family IN (2, 10) LIMIT 2000",
        },
      ],
      target: 'ecs-task-host',
    },
    {
      accelerateSeconds: 60,
      answers: 'Who enrolled, on what, with which addresses, and which instance is it?',
      expiresSeconds: 86400,
      lastGasp: false,
      name: 'enrollment-identity',
      on: {
        enrollment: true,
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 6,
      queries: [
        {
          bind: {},
          discovery: "SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'",
          name: 'ec2',
          sql: 'SELECT instance_id, instance_type, ami_id, availability_zone, local_ipv4, mac, iam_arn, account_id FROM ec2_instance_metadata LIMIT 1',
        },
        {
          bind: {},
          name: 'agent',
          sql: 'SELECT uuid, instance_id, version, config_hash, config_valid, extensions, build_platform, start_time FROM osquery_info LIMIT 1',
        },
        {
          bind: {},
          name: 'system',
          sql: 'SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.hardware_serial, s.cpu_brand, s.physical_memory, o.name AS os_name, o.version AS os_version, o.platform, o.arch, k.version AS kernel FROM system_info s, os_version o, kernel_info k LIMIT 1',
        },
        {
          bind: {},
          name: 'interfaces',
          sql: "SELECT d.interface, d.mac, a.address, a.mask FROM interface_details d LEFT JOIN interface_addresses a ON a.interface = d.interface WHERE d.interface <> 'lo' LIMIT 200",
        },
        {
          bind: {},
          name: 'docker',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, server_version, containers_running, containers_stopped, images, storage_driver, cgroup_driver, root_dir FROM docker_info LIMIT 1',
        },
      ],
      target: 'same-node',
    },
    {
      accelerateSeconds: 900,
      answers: 'What runs on the host that GuardDuty names, whom does it talk to, and what would start again?',
      expiresSeconds: 1800,
      lastGasp: false,
      name: 'guardduty-host',
      on: {
        event: {
          detail: {
            $or: [
              {
                resource: {
                  resourceType: ['Instance', 'ECSCluster', 'EKSCluster', 'KubernetesCluster', 'Container'],
                },
              },
              {
                resource: {
                  instanceDetails: {
                    instanceId: [
                      {
                        exists: true,
                      },
                    ],
                  },
                },
              },
              {
                type: [
                  {
                    prefix: 'AttackSequence:',
                  },
                ],
              },
            ],
            service: {
              archived: [
                false,
                {
                  exists: false,
                },
              ],
            },
            severity: [
              {
                numeric: ['>=', 4],
              },
            ],
          },
          'detail-type': ['GuardDuty Finding'],
          source: ['aws.guardduty'],
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {},
          name: 'connections',
          sql: "SELECT s.pid, p.name, p.path, p.cmdline, p.uid, p.parent, p.cgroup_path, s.state, s.local_address, s.local_port, s.remote_address, s.remote_port FROM process_open_sockets s JOIN processes p ON p.pid = s.pid WHERE s.remote_address NOT IN ('', '0.0.0.0', '::', '127.0.0.1', '::1') LIMIT 2000",
        },
        {
          bind: {},
          name: 'unusual-processes',
          sql: "SELECT pid, name, path, cmdline, cwd, uid, parent, start_time, on_disk, cgroup_path FROM processes WHERE path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%' OR path LIKE '%(deleted)' LIMIT 1000",
        },
        {
          bind: {},
          name: 'persistence',
          platforms: ['linux', 'darwin'],
          sql: "SELECT 'cron' AS kind, path, command FROM crontab UNION ALL SELECT 'key', key_file, comment FROM users JOIN authorized_keys USING (uid) LIMIT 1000",
        },
      ],
      target: 'finding-host',
    },
    {
      accelerateSeconds: 300,
      answers: 'What is the process that GuardDuty Runtime Monitoring names, and what has it open?',
      expiresSeconds: 900,
      lastGasp: false,
      name: 'guardduty-process',
      on: {
        event: {
          detail: {
            service: {
              archived: [
                false,
                {
                  exists: false,
                },
              ],
              runtimeDetails: {
                process: {
                  pid: [
                    {
                      numeric: ['>', 0],
                    },
                  ],
                },
              },
            },
          },
          'detail-type': ['GuardDuty Finding'],
          source: ['aws.guardduty'],
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {
            pid: 'detail.service.runtimeDetails.process.pid',
            started: "not_null(detail.service.runtimeDetails.process.startTime, 'unknown')",
          },
          name: 'process',
          sql: "SELECT pid, name, path, cmdline, cwd, root, uid, gid, euid, parent, start_time, cgroup_path, on_disk, abs(start_time - CAST(strftime('%s', :started) AS INTEGER)) <= 5 AS is_the_one FROM processes WHERE pid = :pid LIMIT 1",
        },
        {
          bind: {
            pid: 'detail.service.runtimeDetails.process.pid',
          },
          name: 'open-files',
          platforms: ['linux', 'darwin'],
          sql: "SELECT pid, 'file' AS kind, path AS what, NULL AS remote FROM process_open_files WHERE pid = :pid UNION ALL SELECT pid, 'socket', local_address || ':' || local_port, remote_address || ':' || remote_port FROM process_open_sockets WHERE pid = :pid AND family IN (2, 10) LIMIT 2000",
        },
        {
          bind: {
            pid: 'detail.service.runtimeDetails.process.pid',
          },
          name: 'binary',
          sql: "SELECT p.pid, p.path, h.sha256 FROM processes p JOIN hash h ON h.path = '/proc/' || p.pid || '/exe' WHERE p.pid = :pid LIMIT 1",
        },
      ],
      target: 'finding-host',
    },
    {
      accelerateSeconds: 300,
      answers: 'What are the containers that GuardDuty names, from which images, and what runs in them?',
      expiresSeconds: 1800,
      lastGasp: false,
      name: 'guardduty-container',
      on: {
        event: {
          detail: {
            $or: [
              {
                resource: {
                  containerDetails: {
                    id: [
                      {
                        exists: true,
                      },
                    ],
                  },
                },
              },
              {
                resource: {
                  ecsClusterDetails: {
                    taskDetails: {
                      containers: {
                        id: [
                          {
                            exists: true,
                          },
                        ],
                      },
                    },
                  },
                },
              },
            ],
            service: {
              archived: [
                false,
                {
                  exists: false,
                },
              ],
            },
          },
          'detail-type': ['GuardDuty Finding'],
          source: ['aws.guardduty'],
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {
            containers:
              '[detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id][]',
          },
          name: 'container',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers) LIMIT 500',
        },
        {
          bind: {
            containers:
              '[detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id][]',
          },
          name: 'mounts',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, type, name, source, destination, mode, rw FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000',
        },
        {
          bind: {
            container:
              'not_null(detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id | [0])',
          },
          name: 'processes',
          sql: "SELECT pid, name, path, cmdline, cwd, uid, gid, parent, start_time, on_disk, cgroup_path FROM processes WHERE cgroup_path LIKE '%' || :container || '%' LIMIT 1000",
        },
      ],
      target: 'finding-host',
    },
    {
      accelerateSeconds: 120,
      answers: "What do the task's containers run, and whom do they talk to, now that they are told to stop?",
      expiresSeconds: 120,
      lastGasp: true,
      name: 'ecs-task-last-gasp',
      on: {
        event: {
          detail: {
            desiredStatus: ['STOPPED'],
            lastStatus: ['RUNNING'],
          },
          'detail-type': ['ECS Task State Change'],
          source: ['aws.ecs'],
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          evidence: {
            alive: {
              column: 'state',
              oneOf: ['running', 'paused', 'restarting'],
            },
            column: 'id',
          },
          name: 'container',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, name, image, image_id, command, state, status, pid, started_at, finished_at, privileged FROM docker_containers WHERE id IN (:containers)',
        },
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          name: 'processes',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user FROM docker_container_processes WHERE id IN (:containers) LIMIT 1000',
        },
        {
          bind: {
            containers: 'detail.containers[].runtimeId',
          },
          name: 'sockets',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT c.id, s.pid, s.state, s.protocol, s.local_address, s.local_port, s.remote_address, s.remote_port FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid WHERE c.id IN (:containers) AND s.family IN (2, 10) LIMIT 1000',
        },
      ],
      target: 'ecs-task-host',
    },
    {
      accelerateSeconds: 120,
      answers: 'What runs on the instance that is about to be taken away, and who is logged in?',
      expiresSeconds: 120,
      lastGasp: true,
      name: 'ec2-last-gasp',
      on: {
        event: {
          $or: [
            {
              'detail-type': ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
              source: ['aws.ec2'],
            },
            {
              'detail-type': ['EC2 Instance-terminate Lifecycle Action'],
              source: ['aws.autoscaling'],
            },
          ],
        },
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {},
          evidence: {
            column: 'instance_id',
          },
          name: 'instance',
          sql: 'SELECT m.instance_id, m.instance_type, m.ami_id, m.availability_zone, m.local_ipv4, u.total_seconds AS uptime FROM ec2_instance_metadata m, uptime u',
        },
        {
          bind: {},
          name: 'containers',
          platforms: ['linux', 'darwin'],
          sql: 'SELECT id, name, image, image_id, command, state, status, pid, started_at FROM docker_containers LIMIT 500',
        },
        {
          bind: {},
          name: 'processes',
          sql: "SELECT pid, name, path, cmdline, uid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path <> '/' LIMIT 2000",
        },
        {
          bind: {},
          name: 'people',
          sql: 'SELECT type, user, tty, host, time, pid FROM logged_in_users LIMIT 200',
        },
      ],
      target: 'ec2-instance',
    },
  ],
};

/** The files it was compiled from, so that it can be shown and edited. */
export const builtInSources: Readonly<Record<string, string>> = {
  'config/default.yaml':
    "# What every node is told that no other profile matches. Only what a configuration may set is here; the rest belongs to\n# the flag file, which is the bare minimum.\nprofile: default\noptions:\n  disable_distributed: false\n  distributed_interval: 10\n  distributed_tls_max_attempts: 3\n  # lines × size must stay under the front: 6 MB of Lambda payload, a third of it lost to base64.\n  logger_tls_max_lines: 256\n  logger_tls_max_linesize: 16384\n  logger_tls_period: 4\n  logger_tls_compress: true\n  logger_snapshot_event_type: true\n  logger_min_status: 1\n  schedule_splay_percent: 10\n  pack_delimiter: /\nschedule:\n  osquery_health:\n    query: SELECT version, config_hash, config_valid, start_time FROM osquery_info\n    interval: 3600\n    snapshot: true\npacks: [container-events]\ndecorators:\n  # Once a configuration: who the node is.\n  load:\n    - SELECT uuid AS host_uuid, hostname, hardware_serial, sha256(uuid || hardware_serial) AS device_hash FROM system_info\n    - >-\n      SELECT address AS ip FROM interface_addresses\n      WHERE interface NOT IN ('lo', 'docker0') AND address LIKE '%.%' LIMIT 1\n    - >-\n      SELECT group_concat(interface || '=' || mac, ' ') AS interfaces FROM interface_details\n      WHERE interface NOT LIKE 'veth%' AND mac <> '00:00:00:00:00:00'\n    # Off EC2 the right-hand table would block the agent for minutes. CROSS JOIN keeps this order: the vendor is looked\n    # at first, and where it is another nothing else is read.\n    - >-\n      SELECT m.instance_id, m.instance_type, m.ami_id, m.region, m.availability_zone, m.account_id\n      FROM system_info s CROSS JOIN ec2_instance_metadata m WHERE s.hardware_vendor = 'Amazon EC2'\n    - >-\n      SELECT substr(group_concat(t.key || '=' || t.value, ' '), 1, 1024) AS instance_tags\n      FROM system_info s CROSS JOIN ec2_instance_tags t WHERE s.hardware_vendor = 'Amazon EC2'\n  # Every ten minutes, one call to Docker each: what the node runs. A container's labels hold those of its image.\n  interval:\n    600:\n      - >-\n        SELECT substr(group_concat(DISTINCT key || '=' || value), 1, 1024) AS docker_image_labels\n        FROM docker_container_labels WHERE key NOT LIKE 'com.amazonaws.ecs.%'\n      - SELECT substr(group_concat(DISTINCT id), 1, 1024) AS docker_image_hashes FROM docker_images\n",
  'packs/container-events.conf':
    '# What starts containers, from the audit trail. It costs nothing where the flag file leaves audit off (osquery\'s\n# default): the pack then is not active. To switch it on: --disable_audit=false, and no other auditd on the host.\n{\n  "platform": "linux",\n  "discovery": [\n    "SELECT 1 FROM osquery_flags WHERE name = \'disable_audit\' AND value = \'false\'"\n  ],\n  "queries": {\n    "container_starts": {\n      // events arrive by themselves: the interval only says how often they are handed over\n      "query": "SELECT pid, path, cmdline, parent, uid, time FROM process_events \\\n                WHERE path LIKE \'%/runc\' OR path LIKE \'%/containerd-shim-runc-v2\' OR path LIKE \'%/docker\' \\\n                OR path LIKE \'%/crio\' OR path LIKE \'%/conmon\'",\n      "interval": 30,\n      "removed": false,\n      "description": "Starts of Docker, runc, containerd\'s shim, CRI-O and conmon"\n    }\n  }\n}\n',
  'policy.yaml':
    '# What is not about one rule or one profile. docs/reference/policy.md has every field and its default.\nlimits:\n  queries_per_delivery: 3 # with evidence, and so many others; results come together: one slow query holds back all\n  pending_per_host: 500\n  spacing: 10s # the same question, word for word, of one host\n  hosts_per_trigger: 500\nheat: 5m # a start on a host keeps its agent polling every 5 s for this long\nledger_keeps: 90d # what is known of a workload, its addresses too, after the last sign of it\n',
  'rules/container-starts.yaml':
    "# What the host's own audit trail sees start, before any control plane tells. It needs the pack container-events.\n- rule: docker-start-seen\n  answers: Which containers run on the node that just started one, however it was started?\n  on:\n    log:\n      query: pack/container-events/container_starts\n      action: [added, snapshot]\n      columns: { path: [{ suffix: /runc }, { suffix: /containerd-shim-runc-v2 }, { suffix: /docker }] }\n  priority: 3\n  expires: 5m\n  queries:\n    containers:\n      sql: >-\n        SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, privileged,\n        security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers LIMIT 500\n\n# containerd and CRI have no tables of their own: the control group's path names pod and container.\n- rule: kubernetes-start-seen\n  answers: Which processes run in which pod's containers on the node that just started one?\n  on:\n    log:\n      query: pack/container-events/container_starts\n      action: [added, snapshot]\n      columns: { path: [{ suffix: /containerd-shim-runc-v2 }, { suffix: /crio }, { suffix: /conmon }] }\n  priority: 3\n  expires: 5m\n  queries:\n    pod-processes:\n      sql: >-\n        SELECT pid, name, path, cmdline, uid, gid, parent, start_time, cgroup_path FROM processes\n        WHERE cgroup_path LIKE '%kubepods%' AND start_time > CAST(strftime('%s', 'now') AS INTEGER) - 600 LIMIT 1000\n      discovery: SELECT 1 FROM processes WHERE name = 'kubelet'\n\n# The same for one container by its id, where there is no Docker socket: asked by name.\n- rule: container-by-cgroup\n  answers: Which processes belong to the control group of this container, on a node without Docker?\n  on: { request: container-by-cgroup }\n  target: { host: detail.host }\n  priority: 2\n  expires: 10m\n  queries:\n    processes:\n      sql: >-\n        SELECT pid, name, path, cmdline, uid, gid, parent, start_time, cgroup_path FROM processes\n        WHERE cgroup_path LIKE '%' || :container || '%' LIMIT 1000\n      bind: { container: detail.container }\n",
  'rules/ec2.yaml':
    '# EC2 instances: asked at the first poll of their agent, whichever of the two services tells first.\n- rule: ec2-launched\n  answers: Which instance came up, from which image, under which role?\n  on:\n    event:\n      $or:\n        - source: [aws.ec2]\n          detail-type: [EC2 Instance State-change Notification]\n          detail: { state: [running] }\n        - source: [aws.autoscaling]\n          detail-type: [EC2 Instance Launch Successful]\n  target: ec2-instance\n  priority: 4\n  expires: 1h\n  queries:\n    instance:\n      sql: >-\n        SELECT instance_id, instance_type, architecture, region, availability_zone, local_hostname, local_ipv4, mac,\n        iam_arn, ami_id, account_id FROM ec2_instance_metadata\n      evidence: instance_id\n    system:\n      sql: >-\n        SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.cpu_brand, s.physical_memory,\n        o.name AS os_name, o.version AS os_version, o.platform, o.arch FROM system_info s, os_version o LIMIT 1\n',
  'rules/ecs-task.yaml':
    "# ECS tasks: asked while they run; asked about what is left once they have stopped before anybody looked.\n- rule: ecs-task-running\n  answers: Which containers are these, from which images, running what, and what can they reach?\n  on:\n    event:\n      source: [aws.ecs]\n      detail-type: [ECS Task State Change]\n      detail: { lastStatus: [RUNNING] } # about to stop, too, if nothing was asked before\n  target: ecs-task-host\n  priority: 3\n  expires: 10m\n  accelerate: 5m\n  queries:\n    container:\n      sql: &container >-\n        SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at,\n        privileged, security_options, readonly_rootfs, net_namespace, pid_namespace\n        FROM docker_containers WHERE id IN (:containers)\n      bind: &containers { containers: 'detail.containers[].runtimeId' }\n      evidence: id\n      alive: { state: [running, paused, restarting] }\n    processes:\n      sql: >-\n        SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user\n        FROM docker_container_processes WHERE id IN (:containers) LIMIT 1000\n      bind: *containers\n    surroundings: # mounts, networks and sockets in one query: beside evidence a delivery carries three\n      sql: >-\n        SELECT id, 'mount' AS kind, type AS name, source AS host_side, destination AS container_side,\n        CASE rw WHEN 1 THEN 'read-write' ELSE 'read-only' END AS detail\n        FROM docker_container_mounts WHERE id IN (:containers)\n        UNION ALL\n        SELECT id, 'network', name, gateway, ip_address, mac_address\n        FROM docker_container_networks WHERE id IN (:containers)\n        UNION ALL\n        SELECT c.id, 'socket', s.state, s.local_address || ':' || s.local_port,\n        s.remote_address || ':' || s.remote_port, 'pid ' || s.pid\n        FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid\n        WHERE c.id IN (:containers) AND s.family IN (2, 10) LIMIT 2000\n      bind: *containers\n  post-mortem:\n    container:\n      sql: *container\n      bind: *containers\n      evidence: id\n    mounts:\n      sql: >-\n        SELECT id, type, name, source, destination, mode, rw\n        FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000\n      bind: *containers\n  post-mortem-expires: 3h # the ECS agent removes stopped containers after that by default\n",
  'rules/enrollment.yaml':
    "# Every node, once an enrollment.\n- rule: enrollment-identity\n  answers: Who enrolled, on what, with which addresses, and which instance is it?\n  on: { enrollment: true }\n  accelerate: 1m # its own queries, and the tasks that come to a new host\n  priority: 6\n  expires: 1d\n  queries:\n    ec2:\n      sql: >-\n        SELECT instance_id, instance_type, ami_id, availability_zone, local_ipv4, mac, iam_arn, account_id\n        FROM ec2_instance_metadata LIMIT 1\n      # Off EC2 this table blocks the agent for minutes, so it is asked only where the hardware says EC2.\n      discovery: SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'\n    agent:\n      sql: >-\n        SELECT uuid, instance_id, version, config_hash, config_valid, extensions, build_platform, start_time\n        FROM osquery_info LIMIT 1\n    system:\n      sql: >-\n        SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.hardware_serial, s.cpu_brand,\n        s.physical_memory, o.name AS os_name, o.version AS os_version, o.platform, o.arch, k.version AS kernel\n        FROM system_info s, os_version o, kernel_info k LIMIT 1\n    interfaces:\n      sql: >-\n        SELECT d.interface, d.mac, a.address, a.mask\n        FROM interface_details d LEFT JOIN interface_addresses a ON a.interface = d.interface\n        WHERE d.interface <> 'lo' LIMIT 200\n    docker: # no row: no Docker, or its socket is out of the agent's reach\n      sql: >-\n        SELECT id, server_version, containers_running, containers_stopped, images, storage_driver, cgroup_driver,\n        root_dir FROM docker_info LIMIT 1\n",
  'rules/guardduty.yaml':
    "# Hosts that GuardDuty has found something on, while what caused it may still run. A finding is asked about once, and again\n# when it says something new, or when nobody answered; archived ones not at all.\n- rule: guardduty-host\n  answers: What runs on the host that GuardDuty names, whom does it talk to, and what would start again?\n  on:\n    event:\n      source: [aws.guardduty]\n      detail-type: [GuardDuty Finding]\n      detail:\n        severity: [{ numeric: ['>=', 4] }] # medium and above\n        service: { archived: [false, { exists: false }] }\n        $or:\n          - resource: { resourceType: [Instance, ECSCluster, EKSCluster, KubernetesCluster, Container] }\n          - resource: { instanceDetails: { instanceId: [{ exists: true }] } }\n          - type: [{ prefix: 'AttackSequence:' }]\n  target: finding-host\n  priority: 0\n  expires: 30m\n  accelerate: 15m\n  queries:\n    connections:\n      sql: >-\n        SELECT s.pid, p.name, p.path, p.cmdline, p.uid, p.parent, p.cgroup_path, s.state, s.local_address,\n        s.local_port, s.remote_address, s.remote_port\n        FROM process_open_sockets s JOIN processes p ON p.pid = s.pid\n        WHERE s.remote_address NOT IN ('', '0.0.0.0', '::', '127.0.0.1', '::1') LIMIT 2000\n    unusual-processes: # whose binary is deleted, or lies where anybody may write\n      sql: >-\n        SELECT pid, name, path, cmdline, cwd, uid, parent, start_time, on_disk, cgroup_path FROM processes\n        WHERE path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%' OR path LIKE '%(deleted)' LIMIT 1000\n    persistence:\n      sql: >-\n        SELECT 'cron' AS kind, path, command FROM crontab\n        UNION ALL SELECT 'key', key_file, comment FROM users JOIN authorized_keys USING (uid) LIMIT 1000\n\n# The process that Runtime Monitoring names, by its id. Ids are used again: is_the_one is 1 where its start fits.\n- rule: guardduty-process\n  answers: What is the process that GuardDuty Runtime Monitoring names, and what has it open?\n  on:\n    event:\n      source: [aws.guardduty]\n      detail-type: [GuardDuty Finding]\n      detail:\n        service:\n          archived: [false, { exists: false }]\n          runtimeDetails: { process: { pid: [{ numeric: ['>', 0] }] } }\n  target: finding-host\n  priority: 0\n  expires: 15m\n  accelerate: 5m\n  queries:\n    process:\n      sql: >-\n        SELECT pid, name, path, cmdline, cwd, root, uid, gid, euid, parent, start_time, cgroup_path, on_disk,\n        abs(start_time - CAST(strftime('%s', :started) AS INTEGER)) <= 5 AS is_the_one\n        FROM processes WHERE pid = :pid LIMIT 1\n      bind:\n        pid: detail.service.runtimeDetails.process.pid\n        started: not_null(detail.service.runtimeDetails.process.startTime, 'unknown')\n    open-files:\n      sql: >-\n        SELECT pid, 'file' AS kind, path AS what, NULL AS remote FROM process_open_files WHERE pid = :pid\n        UNION ALL\n        SELECT pid, 'socket', local_address || ':' || local_port, remote_address || ':' || remote_port\n        FROM process_open_sockets WHERE pid = :pid AND family IN (2, 10) LIMIT 2000\n      bind: &pid { pid: detail.service.runtimeDetails.process.pid }\n    binary: # by way of /proc: a path inside a container is another file on the host\n      sql: >-\n        SELECT p.pid, p.path, h.sha256 FROM processes p JOIN hash h ON h.path = '/proc/' || p.pid || '/exe'\n        WHERE p.pid = :pid LIMIT 1\n      bind: *pid\n\n# The containers that a finding names: of an ECS task, or the one that Runtime Monitoring saw.\n- rule: guardduty-container\n  answers: What are the containers that GuardDuty names, from which images, and what runs in them?\n  on:\n    event:\n      source: [aws.guardduty]\n      detail-type: [GuardDuty Finding]\n      detail:\n        service: { archived: [false, { exists: false }] }\n        $or:\n          - resource: { containerDetails: { id: [{ exists: true }] } }\n          - resource: { ecsClusterDetails: { taskDetails: { containers: { id: [{ exists: true }] } } } }\n  target: finding-host\n  priority: 0\n  expires: 30m\n  accelerate: 5m\n  queries:\n    container:\n      sql: >-\n        SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at,\n        privileged, security_options, readonly_rootfs, net_namespace, pid_namespace\n        FROM docker_containers WHERE id IN (:containers) LIMIT 500\n      bind: &containers\n        containers: >-\n          [detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id][]\n    mounts:\n      sql: >-\n        SELECT id, type, name, source, destination, mode, rw\n        FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000\n      bind: *containers\n    processes: # by control group, which containerd and CRI have too\n      sql: >-\n        SELECT pid, name, path, cmdline, cwd, uid, gid, parent, start_time, on_disk, cgroup_path FROM processes\n        WHERE cgroup_path LIKE '%' || :container || '%' LIMIT 1000\n      bind:\n        container: >-\n          not_null(detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id | [0])\n",
  'rules/last-gasp.yaml':
    "# What is about to end: asked before all else, also about what was seen before, for as long as it can still answer.\n- rule: ecs-task-last-gasp\n  answers: What do the task's containers run, and whom do they talk to, now that they are told to stop?\n  on:\n    event:\n      source: [aws.ecs]\n      detail-type: [ECS Task State Change]\n      detail: { lastStatus: [RUNNING], desiredStatus: [STOPPED] } # the earliest sign of a stop\n  target: ecs-task-host\n  last-gasp: true\n  priority: 0\n  expires: 2m # containers have 30 s by default between SIGTERM and SIGKILL, 120 s at most\n  accelerate: 2m\n  queries:\n    container:\n      sql: >-\n        SELECT id, name, image, image_id, command, state, status, pid, started_at, finished_at, privileged\n        FROM docker_containers WHERE id IN (:containers)\n      bind: &containers { containers: 'detail.containers[].runtimeId' }\n      evidence: id\n      alive: { state: [running, paused, restarting] }\n    processes:\n      sql: >-\n        SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user\n        FROM docker_container_processes WHERE id IN (:containers) LIMIT 1000\n      bind: *containers\n    sockets:\n      sql: >-\n        SELECT c.id, s.pid, s.state, s.protocol, s.local_address, s.local_port, s.remote_address, s.remote_port\n        FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid\n        WHERE c.id IN (:containers) AND s.family IN (2, 10) LIMIT 1000\n      bind: *containers\n\n# Two minutes' notice of Spot, a recommendation before it, or the hook of docs/hosts.md: first what only memory knows.\n- rule: ec2-last-gasp\n  answers: What runs on the instance that is about to be taken away, and who is logged in?\n  on:\n    event:\n      $or:\n        - source: [aws.ec2]\n          detail-type: [EC2 Spot Instance Interruption Warning, EC2 Instance Rebalance Recommendation]\n        - source: [aws.autoscaling]\n          detail-type: [EC2 Instance-terminate Lifecycle Action]\n  target: ec2-instance\n  last-gasp: true\n  priority: 0\n  expires: 2m # the deadline of the notice, if that comes first\n  accelerate: 2m\n  queries:\n    instance:\n      sql: >-\n        SELECT m.instance_id, m.instance_type, m.ami_id, m.availability_zone, m.local_ipv4, u.total_seconds AS uptime\n        FROM ec2_instance_metadata m, uptime u\n      evidence: instance_id\n    containers:\n      sql: SELECT id, name, image, image_id, command, state, status, pid, started_at FROM docker_containers LIMIT 500\n    processes:\n      sql: SELECT pid, name, path, cmdline, uid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path <> '/' LIMIT 2000\n    people:\n      sql: SELECT type, user, tty, host, time, pid FROM logged_in_users LIMIT 200\n",
};
