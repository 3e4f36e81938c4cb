import type { WorkloadReader } from '../ledger/ledger.ts';
import type { Node } from './node.ts';

type Tags = Readonly<Record<string, string>>;

/** Every poll reads the node, so its tags are bounded: those that come first by name, in bytes. */
const MAX_BYTES = 2048;

/** The tags in an instance's identity, as its node keeps them: sorted by name. */
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

/** Both sorted, as `tagsIn` has them. The table forgets the order of members. */
export const areSameTags = (one: Tags, other: Tags): boolean => {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
};

/** The tags that the ledger knows of the instance that a node is; undefined where it knows none. */
export async function tagsOf({ host, instanceId = host }: Node, ledger: WorkloadReader): Promise<Tags | undefined> {
  const [instance] = instanceId.startsWith('i-') ? await ledger.read([instanceId]) : [];
  const tags = instance && tagsIn(instance.identity);
  return tags && Object.keys(tags).length > 0 ? tags : undefined;
}
