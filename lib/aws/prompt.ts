/**
 * For clients whose calls must not hang, as by default they may for ever: somebody waits meanwhile, a held instance or a whole
 * sweep. With the SDK's three tries this stays within the margin before a lifecycle hook's heartbeat ends.
 */
export const PROMPT = {
  requestHandler: { connectionTimeout: 1000, requestTimeout: 2500, throwOnRequestTimeout: true },
} as const;

/** The same for calls whose answers are large. */
export const PATIENT = {
  requestHandler: { ...PROMPT.requestHandler, requestTimeout: 10_000 },
} as const;
