import { Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { Front } from '../../../../lib/stack/front/front.ts';
import type { ServiceFrontProps } from '../../../../lib/stack/front/service-front.ts';
import { Mayfly } from '../../../../lib/stack/mayfly.ts';
import type { MayflyProps } from '../../../../lib/stack/mayfly-props.ts';
import { anApp, someBundles } from '../template.ts';

export const ARN = 'arn:aws:acm:us-east-1:111122223333:certificate/x';
/** A prebuilt image: no bundle and no Docker is needed. */
const image = ContainerImage.fromRegistry('example.com/mayfly-front:1');

const networkIn = (stack: Stack) => ({
  vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['us-east-1a', 'us-east-1b'],
    publicSubnetIds: ['subnet-1', 'subnet-2'],
    publicSubnetRouteTableIds: ['rtb-1', 'rtb-2'],
    privateSubnetIds: ['subnet-3', 'subnet-4'],
    privateSubnetRouteTableIds: ['rtb-3', 'rtb-4'],
  }),
  certificate: Certificate.fromCertificateArn(stack, 'Certificate', ARN),
});

/** A stack with a Mayfly behind the long-poll front. */
export function aServiceStack(
  app = anApp(),
  props: Pick<ServiceFrontProps, 'distributedInterval'> = {},
  others: MayflyProps = {},
): { stack: Stack; mayfly: Mayfly } {
  const stack = new Stack(app, 'Stack');
  const front = Front.service({ ...networkIn(stack), domainName: 'osquery.example.com', image, ...props });
  return { stack, mayfly: new Mayfly(stack, 'Mayfly', { bundles: someBundles(), front, ...others }) };
}
