/** A secret that can be rotated: the current value first, then the previous one, if any. */
export interface RotatingSecret {
  /** The cached values; at most a minute old while the source answers. */
  values(): Promise<readonly string[]>;
  /** The latest values, for a value that matches none of the cached ones; calls to the source are rate-limited. */
  refreshed(): Promise<readonly string[]>;
}
