/**
 * Timeouts for calls that must not hang: a held instance or a whole sweep waits for them, and by default the SDK has no timeout.
 * Three tries of the SDK fit into the margin before a lifecycle hook's heartbeat ends.
 */
export const SHORT_TIMEOUTS = {
  requestHandler: { connectionTimeout: 1000, requestTimeout: 2500, throwOnRequestTimeout: true },
} as const;

/** The same for calls with large responses. */
export const LONG_TIMEOUTS = {
  requestHandler: { ...SHORT_TIMEOUTS.requestHandler, requestTimeout: 10_000 },
} as const;
