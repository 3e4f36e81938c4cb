/** A secret that can be rotated: its current value first, then the one before, if there is one. */
export interface RotatingSecret {
  /** The values as known here; a minute old at most, while its source answers. */
  values(): Promise<readonly string[]>;
  /** The values as of now, for when what was presented fits none; asked of the source only so often. */
  refreshed(): Promise<readonly string[]>;
}
