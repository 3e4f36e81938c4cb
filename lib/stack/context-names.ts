import type { App } from 'aws-cdk-lib/core';

/** The context that the shipped app reads. */
const NAMES = [
  ...['agentConcurrency', 'alarmTopic', 'attest', 'availabilityZones', 'certificateArn', 'distributedInterval'],
  ...['domainName', 'enrollSecrets', 'expectAgents', 'front', 'hostedZoneId', 'notifyMisses', 'privateSubnetIds'],
  ...['publicSubnetIds', 'resultsKeptFor', 'terminationProtection', 'vpcId'],
];

/** The CDK ignores context that nothing reads. @throws if one is probably a misspelling, such as `alarmtopic` */
export function checkContextNames(app: App): void {
  for (const given of Object.keys(app.node.getAllContext())) {
    const meant = NAMES.includes(given) ? undefined : NAMES.find((name) => isNear(given, name));
    if (meant !== undefined) throw new Error(`the context ${given} is unknown: did you mean ${meant}?`);
  }
}

/** Short names differ in one character at most, so that a word of another app is not taken for one of ours. */
function isNear(given: string, name: string): boolean {
  const allowed = name.length < 8 ? 1 : 2;
  if (Math.abs(given.length - name.length) > allowed) return false;
  return distance(given.toLowerCase(), name.toLowerCase()) <= allowed;
}

/** How many characters have to be inserted, deleted or replaced (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= other.length; at += 1) {
      const replaced = (row[at - 1] ?? 0) + (character === other[at - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
