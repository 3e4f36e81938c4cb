import * as z from 'zod/mini';

const name = z.string().check(z.minLength(1));

/** The environment variables of `FirehoseSink`. */
export const SinkEnv = { RESULTS_STREAM_NAME: name, LOGS_STREAM_NAME: name, QUARANTINE_STREAM_NAME: name };
