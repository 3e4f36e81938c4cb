import type { LogEvent } from './log-event-fields.ts';

/** Log events about the policy that a function uses. */
export const POLICY_EVENTS = {
  policy_deployed: {
    level: 'INFO',
    meaning: 'A deployment of the stack looked for a policy in the table, and wrote the default one if there was none.',
    fields: { request: 'string', isSeeded: 'boolean' },
  },
  policy_seed_failed: {
    level: 'ERROR',
    meaning: 'The default policy could not be written, and the deployment of the stack fails.',
    fields: { error: 'trace' },
  },
  policy_loaded: {
    level: 'INFO',
    meaning: 'A function started to use a new version of the policy.',
    fields: { version: 'number', digest: 'string' },
  },
  policy_refresh_failed: {
    level: 'ERROR',
    meaning: 'The function could not read the current policy and keeps using the version named here.',
    fields: { version: 'number', error: 'trace' },
  },
} as const satisfies Readonly<Record<string, LogEvent>>;
