/** Instances with this tag set to `true` are excluded from coverage: no agent is expected on them. */
const IGNORE_TAG = 'tag:mayfly:ignore';

/**
 * Services whose managed instances accept no software of ours. Those of ECS and EKS are not listed: an agent runs there as
 * a daemon.
 *
 * @see AWS Lambda Developer Guide, "Lambda operator role for Lambda Managed Instances"
 */
const CLOSED = /^([a-z-]+\.)?lambda\.amazonaws\.com$/;

/** Whether an instance needs no agent, wherever agents are expected. @param identity with its tags and managing service */
export const needsNoAgent = (identity: Readonly<Record<string, string>>): boolean =>
  identity[IGNORE_TAG] === 'true' || CLOSED.test(identity.managed_by ?? '');

/** Whether an instance is excluded from coverage. @param identity of the ledger's record */
export const isIgnored = (identity: Readonly<Record<string, string>>): boolean =>
  needsNoAgent(identity) || identity.agent_expected === 'no';
