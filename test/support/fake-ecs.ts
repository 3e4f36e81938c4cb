import {
  DescribeContainerInstancesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ECSServiceException,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';

const REFUSED = { $fault: 'client', $metadata: { httpStatusCode: 400 } } as const;

/** ECS as far as Mayfly asks it: which instance stands behind a container instance, which containers are essential. */
export class FakeEcs {
  readonly client = new ECSClient({ region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  /** Container-instance ARN → EC2 or `mi-` instance id; every other ARN is MISSING. */
  readonly known = new Map<string, string>();
  /** Task definition ARN → container name → whether it is essential; every other ARN is unknown. */
  readonly definitions = new Map<string, Readonly<Record<string, boolean>>>();
  /** ARNs that were described as task definitions, a call each. */
  readonly described: string[] = [];
  /** Every call about container instances that was made. */
  readonly calls: { readonly cluster: string; readonly arns: readonly string[] }[] = [];
  /** What calls fail with, instead of an answer. */
  failure: Error | undefined;

  constructor() {
    mockClient(this.client)
      .on(DescribeContainerInstancesCommand)
      .callsFake(async ({ cluster = 'default', containerInstances = [] }) =>
        this.#describe(cluster, containerInstances),
      )
      .on(DescribeTaskDefinitionCommand)
      .callsFake(async ({ taskDefinition }) => this.#define(taskDefinition));
  }

  /** The call is refused as when the account's bucket of 20 a second is empty. */
  throttle(): void {
    this.fail('ThrottlingException');
  }

  /** Every call from now on is refused with this error of ECS. */
  fail(name: string): void {
    this.failure = new ECSServiceException({ ...REFUSED, name, message: name });
  }

  #define(arn: string) {
    this.described.push(arn);
    if (this.failure) throw this.failure;
    const containers = this.definitions.get(arn);
    if (!containers)
      throw new ECSServiceException({ ...REFUSED, name: 'ClientException', message: 'Unable to describe' });
    // As ECS answers: true is left out where nobody wrote it.
    const definitions = Object.entries(containers).map(([name, essential]) =>
      essential ? { name } : { name, essential },
    );
    return { $metadata: {}, taskDefinition: { taskDefinitionArn: arn, containerDefinitions: definitions } };
  }

  #describe(cluster: string, arns: readonly string[]) {
    this.calls.push({ cluster, arns });
    if (this.failure) throw this.failure;
    if (arns.length < 1 || arns.length > 100) throw new Error(`${arns.length} container instances in one call`);
    return {
      containerInstances: arns
        .filter((arn) => this.known.has(arn))
        .map((arn) => ({ containerInstanceArn: arn, ec2InstanceId: this.known.get(arn), status: 'ACTIVE' })),
      failures: arns.filter((arn) => !this.known.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
    };
  }
}
