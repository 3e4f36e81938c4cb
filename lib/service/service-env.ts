import * as z from 'zod/mini';

const whole = z.coerce.number().check(z.int(), z.nonnegative());

const Env = z.object({
  PORT: z._default(whole, 8080),
  /** The address to listen on. Without it, all addresses. */
  HOST: z.optional(z.string()),
  /** Files with key and certificate, PEM. Without them the process speaks plain HTTP, behind a load balancer. */
  TLS_KEY_FILE: z.optional(z.string()),
  TLS_CERTIFICATE_FILE: z.optional(z.string()),
  /** What agents get as `distributed_interval`, seconds. */
  DISTRIBUTED_INTERVAL: z._default(z.enum(['0', '1']), '1'),
  /** Connections at a time. */
  MAX_CONNECTIONS: z._default(whole, 20_000),
});

/** Throws at the start, naming every missing or malformed variable. */
export const readServiceEnv = (source: NodeJS.ProcessEnv): z.infer<typeof Env> => Env.parse(source);
