/** Instances with this tag, its value `true`, are not expected to run an agent. */
const IGNORE_TAG = 'tag:mayfly:ignore';

/**
 * Services on whose instances nobody else can put anything. On those of ECS and EKS an agent runs as a daemon.
 *
 * @see AWS Lambda Developer Guide, "Lambda operator role for Lambda Managed Instances"
 */
const CLOSED = /^([a-z-]+\.)?lambda\.amazonaws\.com$/;

/** Whether nobody expects an agent on an instance. @param identity as the ledger has it: tags, and which service runs it */
export const isIgnored = (identity: Readonly<Record<string, string>>): boolean =>
  identity[IGNORE_TAG] === 'true' || CLOSED.test(identity.managed_by ?? '');
