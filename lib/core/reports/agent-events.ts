import type { LogEvent } from './log-event-fields.ts';

const HOSTNAME = { type: 'string', meaning: 'as the agent reported it' } as const;

/** Log events about agents, their enrollment and their requests. */
export const AGENT_EVENTS = {
  request_failed: {
    level: 'ERROR',
    meaning:
      "An agent's request failed, because an AWS service refused or timed out or because of a bug. The agent keeps its data and tries again.",
    fields: { endpoint: ['enroll', 'config', 'log', 'read', 'write'], error: 'trace' },
  },
  read_retried: {
    level: 'WARN',
    meaning:
      "The short path for idle hosts could not read a host's partition. The whole API reads again, with the SDK's retries.",
    fields: { error: 'trace' },
  },
  body_quarantined: {
    level: 'WARN',
    meaning: 'A request body that can never be read was stored in the quarantine and acknowledged.',
    fields: { host: 'string', endpoint: 'string', reason: 'string', bytes: 'bytes' },
  },
  log_stored_in_part: {
    level: 'WARN',
    meaning: 'A log batch took more time than the function had. The agent sends it again, and Mayfly stores the rest.',
    fields: { host: 'string', logType: 'string', stored: 'number', lines: 'number' },
  },
  node_enrolled: {
    level: 'INFO',
    meaning: 'A node enrolled: a new one, or an old one after its grace period.',
    fields: { host: 'string', hostname: HOSTNAME, osquery: { type: 'string', meaning: 'the version of osquery' } },
  },
  enroll_refused: {
    level: 'WARN',
    meaning: 'An enroll request had a secret that is neither the current nor the previous one.',
    fields: { hostIdentifier: { type: 'string', meaning: 'the first 40 characters, ASCII only' } },
  },
  enroll_unproven: {
    level: 'WARN',
    meaning:
      'An agent was refused because it enrolled under the identifier of a living agent and Mayfly could not tell the two apart, or it lacked the identity document that the other agent showed.',
    fields: { hostIdentifier: 'string', why: 'string' },
  },
  attestation_refused: {
    level: 'WARN',
    meaning:
      'An agent was refused because its instance identity document is missing, invalid or of another instance. The reply names the reason.',
    fields: { hostIdentifier: 'string', why: 'string' },
  },
  host_identifier_shared: {
    level: 'WARN',
    meaning:
      'A second agent enrolled under an identifier that is in use: a cloned image, two agents on one host, or a lost osquery database.',
    fields: {
      hostIdentifier: 'string',
      host: { type: 'string', meaning: 'the name that the second agent got' },
      hostname: HOSTNAME,
    },
  },
  ended_host_refused: {
    level: 'WARN',
    meaning:
      'A host whose instance was terminated tried to enroll. Its agent lives for some seconds more. If this repeats, an instance made from its image uses its identifier.',
    fields: { hostIdentifier: 'string' },
  },
  revoked_host_refused: {
    level: 'WARN',
    meaning: 'A host that an operator revoked (`mayfly node revoke`) tried to enroll.',
    fields: { hostIdentifier: 'string' },
  },
  instance_named: {
    level: 'INFO',
    meaning: 'A host reported which EC2 instance it is.',
    fields: {
      host: 'string',
      instance: 'string',
      outcome: {
        type: ['learned', 'taken'],
        meaning: '`taken`: another host with better proof has that instance, so the report is ignored',
      },
    },
  },
  alias_corrected: {
    level: 'WARN',
    meaning:
      'An alias (an instance id) led to the wrong host. It is removed, and queries that were queued or delivered because of it and have not expired go to the right host.',
    fields: { alias: 'string', wrong: 'string', host: { type: 'string', meaning: 'the right host' } },
  },
} as const satisfies Readonly<Record<string, LogEvent>>;
