/** Characters that are invisible, or change the direction or look of text: with them a hostile name could look like another. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/**
 * Untrusted text as it is shown: characters that cannot be seen are written as escapes.
 *
 * @example visible('a\u202eb') // 'a\\u{202e}b'
 */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`);

/** The end of an ARN, or an id, cut to its first characters. @example shortId('arn:…:task/prod/4f1c8d52b3e94c1d') // '4f1c8d52' */
export function shortId(workload: string): string {
  if (!workload.includes('/')) return visible(workload);
  return visible(workload.slice(workload.lastIndexOf('/') + 1).slice(0, 8));
}

/** Ids of containers and images with twelve digits, as Docker and the commands show them. */
export const shortDigest = (text: string): string => text.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, '$1$2');

/** A duration for people. @example duration(400) // '0.4 s' */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (size < 120_000) return `${Math.round(ms / 1000)} s`;
  if (size < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return size < 172_800_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${Math.round(ms / 86_400_000)} days`;
}

/** A share, rounded down, so that 100 means all. @example percent(0.9996) // '99.9 %' */
export function percent(share: number | null): string {
  if (share === null) return '–';
  return share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** The local time of day. */
export const clock = (atMs: number): string => new Date(atMs).toLocaleTimeString('en-GB');

/** The local date and time. */
export const when = (atMs: number): string => {
  const at = new Date(atMs);
  return `${at.toLocaleDateString('en-CA')} ${at.toLocaleTimeString('en-GB')}`;
};

/** The same instant in UTC, as commands print and accept it. */
export const utc = (atMs: number): string => new Date(atMs).toISOString();

/** `1 host`, `2 hosts` */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
