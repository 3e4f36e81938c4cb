import type { WorkloadReader } from '../ledger/ledger.ts';
import type { Node } from './node.ts';

type Tags = Readonly<Record<string, string>>;

/** The most bytes of tags in a node's record, because every poll reads it. The first tags by name are kept. */
const MAX_BYTES = 2048;

/**
 * The tags in an instance's identity, sorted by name.
 *
 * @example tagsIn({ 'tag:team': 'web', image: 'ami-1' }) // { team: 'web' }
 */
export function tagsIn(identity: Tags): Tags {
  const all = Object.entries(identity)
    .flatMap(([name, value]) => (name.startsWith('tag:') ? [[name.slice('tag:'.length), value] as const] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  let bytes = 0;
  return Object.fromEntries(
    all.filter(([name, value]) => {
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
      return bytes <= MAX_BYTES;
    }),
  );
}

/** Whether two sets of tags are equal, in any order: the table does not keep the order of members. */
export const areSameTags = (one: Tags, other: Tags): boolean => {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
};

/** The tags of a node's instance in the ledger; undefined if there are none. */
export async function tagsOf({ host, instanceId = host }: Node, ledger: WorkloadReader): Promise<Tags | undefined> {
  const [instance] = instanceId.startsWith('i-') ? await ledger.read([instanceId]) : [];
  const tags = instance && tagsIn(instance.identity);
  return tags && Object.keys(tags).length > 0 ? tags : undefined;
}
