import { traceOf } from '../../lib/core/errors.ts';
import type { Report } from '../../lib/core/reports/report.ts';
import { type CustomResourceResult, readRequest } from './custom-resource.ts';

export interface DeploymentDeps {
  /** Writes the default policy into an empty table. @returns whether it was empty */
  readonly seed: () => Promise<boolean>;
  /** Sends the result to CloudFormation, which waits for it. */
  readonly respond: (url: string, result: CustomResourceResult) => Promise<void>;
  readonly report: Report;
}

/**
 * The custom resource of the policy: creating or updating it seeds an empty table, and deleting it changes nothing.
 * CloudFormation gets a result in every case, because without one it waits until its timeout.
 */
export const createHandler =
  ({ seed, respond, report }: DeploymentDeps) =>
  async (event: unknown): Promise<void> => {
    const request = readRequest(event);
    const result = { ...request.ids, PhysicalResourceId: request.physicalId ?? 'policy' };
    try {
      const isSeeded = request.type !== 'Delete' && (await seed());
      report('policy_deployed', { request: request.type, isSeeded });
      await respond(request.responseUrl, { ...result, Status: 'SUCCESS' });
    } catch (error) {
      report('policy_seed_failed', { error: traceOf(error) });
      await respond(request.responseUrl, { ...result, Status: 'FAILED', Reason: `the default policy: ${error}` });
    }
  };
