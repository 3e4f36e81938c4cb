import type { Decorations } from '../decorations.ts';

import { cut } from '../text.ts';
import type { WorkloadRecord } from './workload.ts';

// The decorators of the default profile cut at the same length.
const MAX_TAGS_LENGTH = 1024;

/** Tags as one text, `key=value key=value`, sorted and cut at 1,024 characters; undefined without any. */
export const tagText = (tags: Readonly<Record<string, string>>): string | undefined =>
  cut(
    Object.entries(tags)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(' '),
    MAX_TAGS_LENGTH,
  ) || undefined;

/** Decorations that identify an EC2 instance, under the same names as osquery's decorators use in scheduled results. */
export function instanceDecorations({
  workload,
  identity,
}: Pick<WorkloadRecord, 'workload' | 'identity'>): Decorations {
  const tags = Object.entries(identity).flatMap(([name, value]) =>
    name.startsWith('tag:') ? [[name.slice('tag:'.length), value] as const] : [],
  );
  const facts = [
    ['instance_id', workload],
    ['ami_id', identity.image_id],
    ['instance_type', identity.instance_type],
    ['instance_tags', tagText(Object.fromEntries(tags))],
  ] as const;
  return Object.fromEntries(facts.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
