import { Token } from 'aws-cdk-lib/core';

/** Which instances should have an agent: those that match each part that is there. */
export interface ExpectAgents {
  /** Tag → its value, or several allowed ones. Each tag has to match. */
  readonly tags?: Readonly<Record<string, string | readonly string[]>>;
  /** Ids of VPCs. */
  readonly vpcs?: readonly string[];
  /** Names of ECS clusters of which the instance is a member. */
  readonly clusters?: readonly string[];
}

const PARTS: readonly string[] = ['tags', 'vpcs', 'clusters'] satisfies (keyof ExpectAgents)[];
const VPC = /^vpc-[0-9a-f]{8,17}$/;
const CLUSTER = /^[A-Za-z0-9_-]{1,255}$/;

/** @throws naming the wrong part and what is allowed */
export function checkExpectAgents(expected: ExpectAgents): void {
  const { tags, vpcs, clusters } = expected;
  const unknown = Object.keys(expected).find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new Error(`expectAgents has a part ${unknown}: it has to be of ${PARTS.join(', ')}`);
  const given = [tags && Object.keys(tags), vpcs, clusters].filter((part) => part !== undefined);
  if (given.length === 0 || given.some((part) => part.length === 0))
    throw new Error(
      `expectAgents is ${JSON.stringify(expected)}: it needs a part that is not empty, of ${PARTS.join(', ')}`,
    );
  const without = Object.entries(tags ?? {}).find(([tag, values]) => tag === '' || [values].flat().length === 0);
  if (without) throw new Error(`expectAgents.tags: '${without[0]}' has no name or no value`);
  checkNames('vpcs', vpcs, VPC, 'ids such as vpc-0a1b2c3d4e5f60718');
  checkNames('clusters', clusters, CLUSTER, 'names of ECS clusters, not their ARNs');
}

function checkNames(part: string, names: readonly string[] = [], pattern: RegExp, allowed: string): void {
  const wrong = names.find((name) => !Token.isUnresolved(name) && !pattern.test(name));
  if (wrong !== undefined) throw new Error(`expectAgents.${part}: '${wrong}' is wrong: it has to have ${allowed}`);
}

/** The form in the environment of the reconciler: each tag with a list of values. */
export const scopeText = ({ tags, vpcs, clusters }: ExpectAgents): string =>
  JSON.stringify({
    tags: tags && Object.fromEntries(Object.entries(tags).map(([tag, values]) => [tag, [values].flat()])),
    vpcs,
    clusters,
  });
