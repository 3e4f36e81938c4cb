/** The differences between osquery versions on the wire, each with its first release. */
export interface Profile {
  readonly version: string;
  /** `Authorization: NodeKey …` on every request except enroll: 5.23.0. */
  readonly authorizationHeader: boolean;
  /** Log backoff: 5.12.0. Older versions retry every period. */
  readonly logBackoff: boolean;
  /** Numbers in status lines: 5.10.0. Older versions write text. */
  readonly numericStatusLines: boolean;
  /** `stats` in distributed/write: 5.8.0. */
  readonly stats: boolean;
  /** Distributed denylist: 5.5.0. */
  readonly denylist: boolean;
  /** `options` may not set CLI-only flags: 5.4.0. */
  readonly cliOnlyFlags: boolean;
  /** `messages` in distributed/write: 4.4.0. */
  readonly messages: boolean;
  /** Integer statuses: 2.7.0. Older versions write text. */
  readonly integerStatuses: boolean;
  /** Maximum size of a configuration in bytes: 1 MiB up to 5.23.1, 4 MiB after it. */
  readonly configBytes: number;
}

export const LATEST_VERSION = '5.23.1';

export function profileOf(version: string): Profile {
  const since = (first: string) => compareVersions(version, first) >= 0;
  return {
    version,
    authorizationHeader: since('5.23.0'),
    logBackoff: since('5.12.0'),
    numericStatusLines: since('5.10.0'),
    stats: since('5.8.0'),
    denylist: since('5.5.0'),
    cliOnlyFlags: since('5.4.0'),
    messages: since('4.4.0'),
    integerStatuses: since('2.7.0'),
    configBytes: since('5.23.2') ? 4_194_304 : 1_048_576,
  };
}

/** Compares dotted numbers: negative, zero or positive if `a` is older than, the same as or newer than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
