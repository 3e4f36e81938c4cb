import { InvalidArgumentError } from 'commander';
import type { NodeMatch } from '../../core/policy/policy.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Key in `--where` → the attribute of a node. */
const ATTRIBUTES = {
  host: 'hostIdentifier',
  hostname: 'hostname',
  platform: 'platform',
  osquery: 'osqueryVersion',
  vendor: 'vendor',
  secret: 'secret',
  profile: 'profile',
} as const satisfies Readonly<Record<string, keyof NodeMatch>>;

/**
 * Parses the conditions of `--where`: all must hold; values are globs, alternatives are separated by `|`.
 *
 * @throws {InvalidArgumentError} for an unknown key: a condition that is not understood must not reach more hosts
 * @example whereOf('profile=db|web,tag:env=prod') // { profile: ['db', 'web'], tags: { env: ['prod'] } }
 */
export function whereOf(text: string): NodeMatch {
  const pairs = text.split(',').map(pairOf);
  const tags = pairs.flatMap(([key, values]) => (key.startsWith('tag:') ? [[key.slice(4), values] as const] : []));
  const [seen] = pairs.flatMap(([key, [value = '']]) => (key === 'seen' ? [secondsOf(value)] : []));
  const texts = pairs.flatMap(([key, values]) => {
    if (key === 'seen' || key.startsWith('tag:')) return [];
    return [[attributeOf(key), values] as const];
  });
  return {
    ...Object.fromEntries(texts),
    tags: tags.length > 0 ? Object.fromEntries(tags) : undefined,
    seenWithinSeconds: seen,
  };
}

function pairOf(text: string, _: number, all: readonly string[]): [key: string, values: string[]] {
  const [key = '', value = ''] = text.split(/=(.*)/s);
  const values = value.split('|').map((one) => one.trim());
  if (key.trim() === '' || values.includes('') || key.trim() === 'tag:')
    throw new InvalidArgumentError(`"${text}" is no condition: write KEY=VALUE, such as profile=db.`);
  if (all.filter((other) => other.split('=')[0]?.trim() === key.trim()).length > 1)
    throw new InvalidArgumentError(`${key.trim()} is given twice: write ${key.trim()}=ONE|OTHER for alternatives.`);
  return [key.trim(), values];
}

function attributeOf(key: string): keyof NodeMatch {
  if (Object.hasOwn(ATTRIBUTES, key)) return ATTRIBUTES[key as keyof typeof ATTRIBUTES];
  const known = [...Object.keys(ATTRIBUTES), 'tag:NAME', 'seen'].join(', ');
  throw new InvalidArgumentError(`"${key}" is no attribute of a node. There are: ${known}.`);
}

/** @example secondsOf('90m') // 5400 */
export function secondsOf(text: string): number {
  const [, amount, unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const factor = UNIT_SECONDS[unit];
  if (factor === undefined) throw new InvalidArgumentError('Write a duration such as 30s, 10m, 1h or 2d.');
  return Number(amount) * factor;
}
