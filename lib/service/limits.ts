/** The limits of one process. */
export interface ServiceLimits {
  /** Connections at a time. The kernel's queue holds further ones until their agents give up. */
  readonly connections: number;
  /** Connections or requests of one address at a time that have shown no valid node key yet. Held reads have shown one. */
  readonly unprovenPerAddress: number;
  /** Bytes of one body of a log or write request; API Gateway's limit is the same. */
  readonly bodyBytes: number;
  /** Bytes of all bodies that are being received. */
  readonly receivedBytes: number;
  /** Bytes of the bodies that are worked on at a time; gzip bodies count as large as they may become. */
  readonly workedBytes: number;
  /** Bytes of a body that is too large, up to which it is read to its end and acknowledged. */
  readonly drainedBytes: number;
}

const MiB = 1024 * 1024;

export const defaultServiceLimits: ServiceLimits = {
  connections: 20_000,
  unprovenPerAddress: 1_000,
  bodyBytes: 10 * MiB,
  receivedBytes: 64 * MiB,
  workedBytes: 32 * MiB,
  drainedBytes: 64 * MiB,
};

/** Bytes of an enroll, config or read request; the core parses no more. */
export const SMALL_BODY_BYTES = 64 * 1024;
/** Headers must arrive within this time, ms. */
export const HEADERS_MS = 10_000;
/** A whole request must arrive within this time, ms: its agent gives up after 16 s. */
export const REQUEST_MS = 15_000;
/** The latest reply, ms after the connection was made. */
export const REPLY_MS = 14_000;
/** Longer than the idle timeout of the load balancer (60 s), so that it never sends a request into a connection that closes. */
export const KEEP_ALIVE_MS = 65_000;
/** How much deflate can shrink data. */
const DEFLATE_RATIO = 1032;

/** How many bytes a body may take while it is worked on. */
export function workedBytesOf(body: Buffer, { bodyBytes }: ServiceLimits): number {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  return isGzip ? Math.min(bodyBytes, body.length * DEFLATE_RATIO) : body.length;
}
