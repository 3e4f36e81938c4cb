import { AwsError, unknownOperation } from '../protocol/aws-error.ts';
import type { Form } from '../protocol/query-form.ts';
import { writeXml } from '../protocol/xml.ts';
import { type AwsApi, ask } from './aws-world.ts';
import { AWS_QUERY, awsQueryRefusal, type QueryService, refuseOthers, texts } from './query-service.ts';

export const AUTO_SCALING_VERSION = '2011-01-01';

/** Parsers of the operations' inputs. All form values are text, except those that these parsers convert. */
const INPUTS: Readonly<Record<string, (form: Form) => object>> = {
  CompleteLifecycleAction: (form) => {
    refuseOthers(form, [
      ...['AutoScalingGroupName', 'LifecycleHookName', 'LifecycleActionResult'],
      ...['LifecycleActionToken', 'InstanceId'],
    ]);
    return form;
  },
  DescribeLifecycleHooks: (form) => {
    refuseOthers(form, ['AutoScalingGroupName', 'LifecycleHookNames']);
    const { LifecycleHookNames, ...rest } = form;
    if (LifecycleHookNames === undefined) return rest;
    return { ...rest, LifecycleHookNames: texts(LifecycleHookNames, 'LifecycleHookNames') };
  },
};

/** Auto Scaling's lifecycle hooks. Forwards calls to `api`; without one there are no groups. */
export function autoScalingService(api: AwsApi = noGroups): QueryService {
  return {
    async answer(operation, form, requestId) {
      const read = Object.hasOwn(INPUTS, operation) ? INPUTS[operation] : undefined;
      if (!read) throw unknownOperation('autoscaling', operation);
      const output = (await ask(api, operation, read(form))) ?? {};
      const content = { [`${operation}Result`]: output, ResponseMetadata: { RequestId: requestId } };
      return writeXml(`${operation}Response`, content, AWS_QUERY);
    },
    refusal: awsQueryRefusal,
  };
}

const noGroups: AwsApi = async (operation, input) => {
  if (operation === 'DescribeLifecycleHooks') return { LifecycleHooks: [] };
  const { LifecycleActionToken, InstanceId } = Object(input);
  const which = LifecycleActionToken ? `token ${LifecycleActionToken}` : `instance ID ${InstanceId}`;
  throw new AwsError('ValidationError', `No active Lifecycle Action found with ${which}`);
};
