import { beforeEach, describe, expect, it } from '@jest/globals';
import { EcsContainerInstances } from '../../../../lib/aws/inventory/container-instances.ts';
import { ecsClient } from '../../../support/ecs-client.ts';
import { FakeEcs } from '../../../support/fake-ecs.ts';

let ecs: FakeEcs;
let lookup: EcsContainerInstances;
beforeEach(() => {
  ecs = new FakeEcs();
  lookup = new EcsContainerInstances(ecsClient(ecs));
});
const arns = (count: number): string[] => Array.from({ length: count }, (_, n) => `arn-${n}`);

describe('container instances in ECS', () => {
  it('are requested in batches of 100', async () => {
    for (const arn of arns(250)) ecs.known.set(arn, `i-${arn}`);
    const found = await lookup.instancesOf('c', arns(250));
    expect(found.size).toBe(250);
    expect(ecs.calls.map((call) => call.arns.length)).toEqual([100, 100, 50]);
    expect(ecs.calls.every((call) => call.cluster === 'c')).toBe(true);
  });

  it('are left out if ECS does not know them', async () => {
    ecs.known.set('arn-1', 'i-1');
    expect([...(await lookup.instancesOf('c', arns(3)))]).toEqual([['arn-1', 'i-1']]);
  });

  it.each(['ClusterNotFoundException', 'InvalidParameterException', 'ClientException'])(
    'are an empty list after %s, which is permanent',
    async (name) => {
      ecs.fail(name);
      expect((await lookup.instancesOf('c', arns(1))).size).toBe(0);
    },
  );

  it.each(['ThrottlingException', 'ServerException', 'AccessDeniedException'])(
    'are an error after %s, which is transient',
    async (name) => {
      ecs.fail(name);
      await expect(lookup.instancesOf('c', arns(1))).rejects.toMatchObject({ name });
    },
  );
});
