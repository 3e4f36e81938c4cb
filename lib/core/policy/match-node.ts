import { globMatcher } from './glob.ts';
import type { NodeMatch } from './policy.ts';

/** Known attributes of a node; an unknown attribute meets no condition. */
export interface NodeFacts {
  readonly hostIdentifier: string;
  readonly hostname?: string | undefined;
  readonly platform?: string | undefined;
  readonly osqueryVersion?: string | undefined;
  readonly vendor?: string | undefined;
  /** Name of the enroll secret that was presented. */
  readonly secret?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly profile?: string | undefined;
  readonly seenSecondsAgo?: number | undefined;
}

/**
 * Whether a node meets every condition; without conditions, every node matches. Comparison is case-sensitive.
 *
 * @example matchNode({ platform: ['amzn*', 'ubuntu'] }, { hostIdentifier: 'h1', platform: 'amzn2023' }) // true
 */
export function matchNode(match: NodeMatch, node: NodeFacts): boolean {
  const { tags = {}, seenWithinSeconds, ...texts } = match;
  return (
    Object.entries(texts).every(([name, globs]) => !globs || meets(node[name as keyof typeof texts], globs)) &&
    Object.entries(tags).every(([name, globs]) => meets(ownTag(node, name), globs)) &&
    (seenWithinSeconds === undefined || (node.seenSecondsAgo ?? Number.POSITIVE_INFINITY) <= seenWithinSeconds)
  );
}

const meets = (text: string | undefined, globs: readonly string[]): boolean =>
  text !== undefined && globs.some((glob) => globMatcher(glob)(text));

const ownTag = ({ tags = {} }: NodeFacts, name: string) => (Object.hasOwn(tags, name) ? tags[name] : undefined);
