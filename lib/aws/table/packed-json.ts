import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod/mini';

/**
 * Text that our rows repeat: property names, and the columns that the built-in rules ask for. DEFLATE replaces what it finds
 * here by short references, so most rows stay under 1 KB, which is what DynamoDB bills as one write unit.
 *
 * This text is part of the format. A changed text makes all packed rows unreadable; a better one needs attributes of other names.
 */
const DICTIONARY = Buffer.from(
  [
    '"kind":"ecs-task","version":1,"versionStep":1,"lastStatus":"STOPPED","lastStatus":"PROVISIONING",',
    '"desiredStatus":"RUNNING","stopped":false,"subjects":["containers":[{"runtimeId":"exitCode":0,',
    '"essential":false,"image":".dkr.ecr.amazonaws.com/","imageDigest":"sha256:"identity":{"instance_id":"i-0",',
    '"mac":"eni":"eni-0","subnet":"subnet-0","ip":"10.0.","availability_zone":"us-east-1a","launch_type":"EC2",',
    '"started_by":"ecs-svc/","group":"service:","task_family":"task_revision":"cluster":"created_at":"20,',
    '"container_instance":"arn:aws:ecs:us-east-1:container-instance/,"task_arn":"arn:aws:ecs:us-east-1:task/,',
    '"stop_code":"EssentialContainerExited","stopped_reason":"times":{"createdAtMs":1,"pullStartedAtMs":1,',
    '"startedAtMs":1,"executionStoppedAtMs":1,"stoppedAtMs":1,"occurredAtMs":1,"queryKeys":[{"host":"i-0,',
    '"priority":3,"queryId":"set":"post-mortem","set":"live","answerByMs":1,"settleByMs":1,"enrolled":true,',
    '"instanceFacts":{"addressesSince":{"firstQuery":{"eventAtMs":1,"poller":{"profile":"default",',
    '"intervalSeconds":10,"enrolledAtMs":1,"queryCounts":[{"atMs":1,"queries":1}]SELECT id, type, name, source, ',
    'destination, mode, rw FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000SELECT id, pid, name,',
    ' cmdline, state, uid, gid, start_time, parent, threads, user FROM docker_container_processes WHERE id IN ',
    "(:containers) LIMIT 1000SELECT id, 'mount' AS kind, type AS name, source AS host_side, destination AS ",
    "container_side, CASE rw WHEN 1 THEN 'read-write' ELSE 'read-only' END AS detail FROM ",
    "docker_container_mounts WHERE id IN (:containers) UNION ALL SELECT id, 'network', name, gateway, ip_address,",
    " mac_address FROM docker_container_networks WHERE id IN (:containers) UNION ALL SELECT c.id, 'socket', ",
    "s.state, s.local_address || ':' || s.local_port, s.remote_address || ':' || s.remote_port, 'pid ' || s.pid ",
    'FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid WHERE c.id IN (:containers) AND ',
    's.family IN (2, 10) LIMIT 2000SELECT id, name, image, image_id, command, created, state, status, pid, path, ',
    'started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM ',
    `docker_containers WHERE id IN ('"evidence":{"column":"id","alive":{"column":"state","oneOf":["running",`,
    '"paused","restarting"]}},"bindings":{"containers":["platforms":["linux"],"sql":"SELECT ',
    'rule":"ecs-task-running","query":"surroundings","query":"processes","query":"container",',
    '"workload":"arn:aws:ecs:us-east-1:,',
    '"subjectDecorations":{"container_name":"image_digest":"decorations":{"askers":[{"triggeredAtMs":1,',
    '"receivedAtMs":1,"detectedBy":"event","queuedAtMs":1,"expiresAtMs":17',
  ].join(''),
);

/** Few packed texts are longer. zlib's own size, 16 KB, is allocated for each text and doubles the time that one takes. */
const CHUNK_BYTES = 2048;

/** JSON as a compressed binary attribute. @see unpacked */
export const pack = (value: unknown): Uint8Array => deflateRawSync(JSON.stringify(value), { dictionary: DICTIONARY });

/** A packed attribute, or the value itself, as earlier versions wrote it. */
export const unpacked = <T>(schema: z.ZodMiniType<T>) =>
  z.pipe(
    z.transform((written: unknown, context): unknown => {
      if (!(written instanceof Uint8Array)) return written;
      try {
        return JSON.parse(inflateRawSync(written, { dictionary: DICTIONARY, chunkSize: CHUNK_BYTES }).toString());
      } catch {
        context.issues.push({ code: 'custom', input: written });
        return z.NEVER;
      }
    }),
    schema,
  );
